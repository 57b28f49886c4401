/** What the patient comes for. */

import { Group, Select } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../i18n";
import type { AppointmentType } from "./data";

interface Props {
  types: AppointmentType[];
  wanted: string | null;
  onType: (code: string | null) => void;
}

export function VisitType({ types, wanted, onType }: Props): ReactNode {
  const { t } = useWords();
  return (
    <Group align="end" gap="xs" wrap="nowrap">
      <Select
        className="grow"
        label={t("visitType")}
        value={wanted}
        onChange={onType}
        allowDeselect={false}
        searchable
        data={types.map((each) => ({ value: each.code, label: `${each.name} · ${each.durationMinutes} ${t("minutesShort")}` }))}
      />
    </Group>
  );
}
