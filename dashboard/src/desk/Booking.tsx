/** The one thing that all of it is for: who, what and when, said once more, and booked. */

import { Button, Group, Paper, Text } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";

import { type Patient, type Slot } from "../api/client";
import { useWords } from "../i18n";
import { useKeys } from "../lib/keys";
import { useBusy, type Actions } from "./actions";
import type { Names } from "./names";
import { Refused } from "./Refused";

interface Props {
  actions: Actions;
  patient: Patient | null;
  slot: Slot | null;
  type: string | null;
  names: Names;
  when: (instant: string) => string;
  singleKeys: boolean;
  mayBook: boolean;
  onBooked: () => void;
  onChoose: (slot: Slot) => void;
}

export function Booking(props: Props): ReactNode {
  const { actions, patient, slot, type, names, when, singleKeys, mayBook, onBooked, onChoose } = props;
  const { t } = useWords();
  const [error, fail] = useState<unknown>(null);
  const busy = useBusy(actions);
  const ready = patient !== null && slot !== null && type !== null && mayBook;
  useEffect(() => fail(null), [slot, patient, type]);

  async function book(): Promise<void> {
    if (!ready || busy) return;
    fail(null);
    try {
      if (await actions.book({ patientId: patient.id, slotId: slot.id, type })) onBooked();
    } catch (refused) {
      fail(refused);
    }
  }
  useKeys({ b: () => void book() }, singleKeys);

  return (
    <Paper withBorder p="sm" component="section" aria-label={t("book")} className={ready ? "booking ready" : "booking"}>
      {ready ? (
        <Text size="sm" mb="xs">
          {t("confirmBook", {
            type: names.type.get(type) ?? type,
            patient: `${patient.firstName} ${patient.lastName}`,
            when: when(slot.start),
            who: names.practitioner.get(slot.practitionerId) ?? "",
          })}
        </Text>
      ) : (
        <Text size="sm" mb="xs">
          {patient ? t("chooseTime") : t("choosePatient")}
        </Text>
      )}
      <Group gap="xs">
        <Button onClick={() => void book()} disabled={!ready} loading={busy && ready} rightSection={<kbd>b</kbd>}>
          {busy && ready ? t("booking") : t("book")}
        </Button>
      </Group>
      {error ? (
        <Refused error={error} when={when} names={names.practitioner} onChoose={onChoose} again={() => void book()} />
      ) : null}
    </Paper>
  );
}
