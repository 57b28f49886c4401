/** The same visit every so many weeks, at the same time by the clock of the place. */

import { Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Slot } from "../../api/client";
import { useBusy } from "../actions";
import { bookSeries } from "../changes";
import { useWords } from "../words";
import { NotTogether } from "./NotTogether";
import type { Common } from "./Together";

const WEEKS = { min: 1, max: 26 };
const TIMES = { min: 2, max: 26 };

export function Series({ actions, patient, slot, type, names, when, onBooked }: Common & { slot: Slot | null }): ReactNode {
  const { t } = useWords();
  const busy = useBusy(actions);
  const [everyWeeks, repeat] = useState<number | string>(4);
  const [count, times] = useState<number | string>(3);
  const [error, fail] = useState<unknown>(null);
  if (!patient || !slot || !type) return <Text role="status">{t("seriesNeeds")}</Text>;
  const ready = { patientId: patient.id, slotId: slot.id, type, everyWeeks: Number(everyWeeks), count: Number(count) };
  const valid = within(ready.everyWeeks, WEEKS) && within(ready.count, TIMES);

  async function book(): Promise<void> {
    if (!valid || busy) return;
    fail(null);
    try {
      if (await actions.bookSeveral(`series ${JSON.stringify(ready)}`, (key) => bookSeries(ready, key))) onBooked();
    } catch (refused) {
      fail(refused);
    }
  }
  return (
    <Stack gap="sm">
      <Text>
        {t("confirmBook", {
          type: names.type.get(type) ?? type,
          patient: `${patient.firstName} ${patient.lastName}`,
          when: when(slot.start),
          who: names.practitioner.get(slot.practitionerId) ?? "",
        })}
      </Text>
      <Group gap="xs">
        <NumberInput label={t("everyWeeks")} value={everyWeeks} onChange={repeat} {...WEEKS} clampBehavior="blur" />
        <NumberInput label={t("howOften")} value={count} onChange={times} {...TIMES} clampBehavior="blur" />
      </Group>
      {error ? <NotTogether error={error} when={when} /> : null}
      <Button className="own-width" disabled={!valid} loading={busy} onClick={() => void book()}>
        {t("bookAll", { count: ready.count })}
      </Button>
    </Stack>
  );
}

function within(value: number, { min, max }: { min: number; max: number }): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
