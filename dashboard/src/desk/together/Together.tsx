/** Several appointments at once: a family, the steps of one visit, the same visit every so many weeks. All or none. */

import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Patient, Slot } from "../../api/client";
import { Dialog } from "../../Dialog";
import type { Actions } from "../actions";
import type { AppointmentType } from "../data";
import type { Names } from "../names";
import { useWords } from "../words";
import { InOneGo } from "./InOneGo";
import { Series } from "./Series";

export interface Common {
  actions: Actions;
  patient: Patient | null;
  type: string | null;
  types: AppointmentType[];
  names: Names;
  when: (instant: string) => string;
  onBooked: () => void;
}

interface Props extends Common {
  slot: Slot | null;
  onClose: () => void;
}

const KINDS = ["family", "chain", "series"] as const;

export function Together({ slot, onClose, ...common }: Props): ReactNode {
  const { t } = useWords();
  const [kind, choose] = useState<(typeof KINDS)[number]>("family");
  return (
    <Dialog onClose={onClose} title={t("together")} wide>
      <Stack gap="sm">
        <SegmentedControl
          aria-label={t("together")}
          value={kind}
          onChange={(value) => choose(value as (typeof KINDS)[number])}
          data={KINDS.map((value) => ({ value, label: t(`together_${value}`) }))}
        />
        <Text size="sm">{t(`togetherHint_${kind}`)}</Text>
        {kind === "series" ? <Series {...common} slot={slot} /> : <InOneGo key={kind} {...common} kind={kind} />}
      </Stack>
    </Dialog>
  );
}
