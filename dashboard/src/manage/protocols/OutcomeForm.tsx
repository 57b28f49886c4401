/** One outcome: which visit, how soon, with whom, and what the patient is told. */

import { MultiSelect, NativeSelect, SimpleGrid, Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import type { Reference } from "./data";
import { URGENCIES, type Outcome, type Urgency } from "./definition";
import { Texts, useEditing } from "./parts";
import { titled } from "./spoken";

interface Props {
  outcome: Outcome;
  reference: Reference;
  place: string;
  errors: Record<string, string>;
  onChange: (outcome: Outcome) => void;
}

export function OutcomeForm({ outcome, reference, place, errors, onChange }: Props): ReactNode {
  const { t } = useWords();
  const disabled = !useEditing();
  const { practitioners = [] } = outcome;
  function assign(ids: string[]): void {
    const { practitioners: _, ...rest } = outcome;
    onChange(ids.length > 0 ? { ...rest, practitioners: ids } : rest);
  }
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <MultiSelect
          label={t("protocolTypes")}
          description={t("protocolTypesHint")}
          value={outcome.appointmentTypes}
          data={typesOf(outcome, reference, t("minutesShort"), t("protocolNotOffered"))}
          error={errors[`${place}/appointmentTypes`]}
          maxValues={10}
          searchable
          disabled={disabled}
          onChange={(appointmentTypes) => onChange({ ...outcome, appointmentTypes })}
        />
        <NativeSelect
          label={t("protocolUrgency")}
          description={t(`protocolUrgencyHint_${outcome.urgency}`)}
          value={outcome.urgency}
          data={URGENCIES.map((value) => ({ value, label: t(`protocol_${value}`) }))}
          onChange={(event) => onChange({ ...outcome, urgency: event.currentTarget.value as Urgency })}
        />
      </SimpleGrid>
      <MultiSelect
        label={t("protocolPool")}
        description={practitioners.length === 0 ? t("protocolPoolAll") : undefined}
        value={practitioners}
        data={reference.practitioners.map((each) => ({ value: each.id, label: each.name }))}
        error={errors[`${place}/practitioners`]}
        searchable
        disabled={disabled}
        onChange={assign}
      />
      <Texts
        optional
        label={t("protocolTell")}
        value={outcome.tellPatient}
        place={`${place}/tellPatient`}
        errors={errors}
        onChange={(tellPatient) => {
          const { tellPatient: _, ...rest } = outcome;
          onChange(tellPatient ? { ...rest, tellPatient } : rest);
        }}
      />
    </Stack>
  );
}

/** What the practice offers, with its length; and what this outcome names though the practice does not offer it. */
function typesOf(outcome: Outcome, { types }: Reference, minutes: string, absent: string): { value: string; label: string }[] {
  const offered = types.map((type) => ({ value: type.code, label: `${type.name}, ${type.durationMinutes} ${minutes}` }));
  const known = new Set(types.map((type) => type.code));
  const others = outcome.appointmentTypes.filter((code) => !known.has(code));
  return [...offered, ...others.map((code) => ({ value: code, label: `${titled(code)} (${absent})` }))];
}
