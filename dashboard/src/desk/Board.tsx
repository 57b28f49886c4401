/** The day by practitioners' columns, as it is now. */

import { Skeleton, Text } from "@mantine/core";
import { useMemo, type ReactNode } from "react";

import type { HeldTime } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { date as dateOf, dayOf } from "../lib/time";
import { taking, useAppointments, useSlots, type Practitioner } from "./data";
import { Lanes, type Chosen, type LaneOf } from "./Lanes";

interface Props extends Chosen {
  practice: string;
  date: string;
  today: string;
  practitioners: Practitioner[];
  holds: HeldTime[];
}

export function Board({ practice, date, today, practitioners, holds, ...chosen }: Props): ReactNode {
  const { t, language } = useWords();
  const slots = useSlots(practice, date);
  const appointments = useAppointments(practice, date);
  const { zone } = chosen;

  const lanes = useMemo(() => {
    const free = slots.data ?? [];
    const shown = (appointments.data ?? []).filter(taking);
    const of = <T extends { practitionerId: string }>(rows: T[], id: string): T[] => rows.filter((each) => each.practitionerId === id);
    const present = new Set([...free, ...shown].map((each) => each.practitionerId));
    return practitioners
      .filter((each) => present.has(each.id))
      .map(
        ({ id, name }): LaneOf => ({
          key: id,
          title: name,
          name,
          practitionerId: id,
          date,
          slots: of(free, id),
          appointments: of(shown, id),
          holds: of(holds, id).filter((each) => dateOf(new Date(each.start), zone) === date),
        }),
      );
  }, [practitioners, slots.data, appointments.data, holds, date, zone]);

  const loading = slots.isPending || appointments.isPending;
  const error = slots.error ?? appointments.error;
  return (
    <>
      {error ? (
        <Failure
          error={error}
          retry={() => {
            void slots.refetch();
            void appointments.refetch();
          }}
        />
      ) : null}
      {loading && !error ? <Skeleton height={400} role="status" aria-label={t("loading")} /> : null}
      {!loading && lanes.length === 0 ? <Text>{t("emptyDay")}</Text> : null}
      {!loading && lanes.length > 0 ? <Lanes {...chosen} label={dayOf(date, language)} lanes={lanes} today={today} /> : null}
    </>
  );
}
