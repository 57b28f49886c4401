/** Beside somebody who has the time: said in full, with its reason, and never by one key alone. */

import { Alert, Button, Group, NativeSelect, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Appointment } from "../api/client";
import { useWords } from "../i18n";
import type { Overbooking as Asked } from "./changes";

export type OverbookingReason = Asked["reason"];

/** Who would be put there, for which visit, and for which reasons this member may. */
export interface Wish {
  patient: string;
  type: string;
  reasons: OverbookingReason[];
}

/** Beside it, and still to come. */
export function takes(appointment: Appointment): boolean {
  return appointment.status === "booked" && !appointment.overbooked && Date.parse(appointment.start) > Date.now();
}

interface Props {
  beside: Wish;
  when: string;
  onBeside: (reason: OverbookingReason) => void;
  onBack: () => void;
}

export function Overbooking({ beside, when, onBeside, onBack }: Props): ReactNode {
  const { t } = useWords();
  const [reason, choose] = useState<OverbookingReason>(beside.reasons[0] ?? "emergency");
  return (
    <Alert color="orange" variant="outline" title={t("overbookTitle")}>
      <Text size="sm">{t("overbookSure", { patient: beside.patient, type: beside.type, when })}</Text>
      <NativeSelect
        mt="xs"
        label={t("overbookReason")}
        value={reason}
        autoFocus
        onChange={(event) => choose(event.currentTarget.value as OverbookingReason)}
        data={beside.reasons.map((value) => ({ value, label: t(`overbook_${value}`) }))}
      />
      <Group gap="xs" mt="xs">
        <Button color="red" onClick={() => onBeside(reason)}>
          {t("overbook")}
        </Button>
        <Button variant="default" onClick={onBack}>
          {t("doNotOverbook")}
        </Button>
      </Group>
    </Alert>
  );
}
