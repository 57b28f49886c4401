/** How long before an appointment its patient is reminded, and until when they may change it by themselves. */

import { Button, Group, NumberInput, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { useWords } from "../words";
import { useRefresh, useReminders, writeReminders, type Reminders } from "./data";
import { Form } from "./Form";

const MOST = 5;
const HOUR = 60;

export function Times(): ReactNode {
  return <Loaded query={useReminders()}>{(found) => <Fields standing={found} />}</Loaded>;
}

function Fields({ standing }: { standing: Reminders }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [hours, change] = useState<(number | string)[]>(standing.offsetsMinutes.map((minutes) => minutes / HOUR));
  const [cutoff, cut] = useState<number | string>(standing.cutoffMinutes / HOUR);
  const wanted: Reminders = { offsetsMinutes: hours.map(minutesOf), cutoffMinutes: minutesOf(cutoff) };
  const saving = useMutation({
    mutationFn: () => writeReminders(wanted),
    onSuccess: refresh,
  });
  const say = (next: (number | string)[]): void => {
    saving.reset();
    change(next);
  };
  return (
    <Form saving={saving} changed={told(wanted) !== told(standing)}>
      {hours.length === 0 ? <Text size="sm">{t("noReminders")}</Text> : null}
      {hours.map((value, place) => (
        // A reminder has nothing to be known by but its place.
        <Group key={place} align="end" gap="xs">
          <NumberInput
            label={t("reminderNumber", { number: place + 1 })}
            suffix={t("hoursBefore")}
            value={value}
            min={0.25}
            max={336}
            decimalScale={2}
            required
            onChange={(next) => say(hours.with(place, next))}
          />
          <Button variant="default" onClick={() => say(hours.toSpliced(place, 1))}>
            {t("removeReminder", { number: place + 1 })}
          </Button>
        </Group>
      ))}
      {hours.length < MOST ? (
        <Button variant="default" className="own-width" onClick={() => say([...hours, 24])}>
          {t("addReminder")}
        </Button>
      ) : null}
      <NumberInput
        label={t("cutoff")}
        description={t("cutoffHint")}
        suffix={t("hoursBefore")}
        value={cutoff}
        min={0}
        max={168}
        decimalScale={2}
        required
        maw={420}
        onChange={(next) => {
          saving.reset();
          cut(next);
        }}
      />
    </Form>
  );
}

/** As one text: in whatever order they were typed. */
function told({ offsetsMinutes, cutoffMinutes }: Reminders): string {
  return [cutoffMinutes, ...offsetsMinutes.toSorted((one, other) => one - other)].join(" ");
}

function minutesOf(hours: number | string): number {
  return Math.round(Number(hours) * HOUR);
}
