/** One practitioner's week by days: dragged across days, an appointment moves. */

import { NativeSelect, Text } from "@mantine/core";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { all, api, type Appointment, type HeldTime, type Slot } from "../../api/client";
import { date as dateOf, dayOf, mondayOf, plusDays, shortDayOf } from "../../lib/time";
import { Loaded } from "../../manage/Loaded";
import { keyOf, taking, type Practitioner } from "../data";
import { Lanes, type Chosen, type LaneOf } from "../Lanes";
import { useWords } from "../words";

const MOST = 200;
const DAYS = [0, 1, 2, 3, 4, 5, 6];

interface Props extends Chosen {
  practice: string;
  date: string;
  today: string;
  practitioners: Practitioner[];
  holds: HeldTime[];
}

interface Found {
  slots: Slot[];
  appointments: Appointment[];
}

export function Week({ practice, date, today, practitioners, holds, ...chosen }: Props): ReactNode {
  const { zone } = chosen;
  const { t, language } = useWords();
  const [picked, pick] = useState<string | null>(null);
  const monday = mondayOf(date);
  // Whoever is being moved, or has the time that is chosen, is who is looked for.
  const whose = picked ?? chosen.changing?.appointment.practitionerId ?? chosen.chosen?.practitionerId ?? practitioners[0]?.id ?? "";
  const week = useWeek(practice, monday, whose);
  const lanesOf = ({ slots, appointments }: Found): LaneOf[] => {
    const on = (day: string) => (each: { start: string }) => dateOf(new Date(each.start), zone) === day;
    return DAYS.map((number) => plusDays(monday, number))
      .map((day) => ({
        key: day,
        title: shortDayOf(day, language),
        name: dayOf(day, language),
        practitionerId: whose,
        date: day,
        slots: slots.filter(on(day)),
        appointments: appointments.filter(taking).filter(on(day)),
        holds: holds.filter((each) => each.practitionerId === whose).filter(on(day)),
      }))
      .filter((lane) => lane.slots.length > 0 || lane.appointments.length > 0);
  };
  return (
    <>
      <NativeSelect
        className="week-of"
        size="xs"
        mb="xs"
        aria-label={t("practitioner")}
        value={whose}
        onChange={(event) => pick(event.currentTarget.value)}
        data={practitioners.map((each) => ({ value: each.id, label: each.name }))}
      />
      <Loaded query={week}>
        {(found) => {
          const lanes = lanesOf(found);
          if (lanes.length === 0) return <Text>{t("emptyWeek")}</Text>;
          return <Lanes {...chosen} label={t("weekOf", { date: dayOf(monday, language) })} lanes={lanes} today={today} />;
        }}
      </Loaded>
    </>
  );
}

function useWeek(practice: string, monday: string, practitioner: string): UseQueryResult<Found> {
  const query = { from: monday, to: plusDays(monday, 6), practitioner, limit: MOST };
  return useQuery({
    enabled: practitioner !== "",
    queryKey: [...keyOf.week(practice, monday), practitioner],
    queryFn: async () => {
      const [slots, appointments] = await Promise.all([
        all((cursor) => api.GET("/api/v2/slots", { params: { query: { ...query, cursor } } })),
        all((cursor) => api.GET("/api/v2/appointments", { params: { query: { ...query, cursor } } })),
      ]);
      return { slots, appointments };
    },
  });
}
