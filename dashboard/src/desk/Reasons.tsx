/** Why a time is offered, in a word or two. */

import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Schemas } from "../api/client";
import { useWords } from "../i18n";

export type Offered = Schemas["RankedSlotOutput"];

const SHOWN = [
  "soonest",
  "today",
  "another_day",
  "another_part_of_day",
  "another_practitioner",
  "another_location",
  "new_patients",
  "returning_patients",
] as const;

export function Reasons({ of }: { of: Offered }): ReactNode {
  const { t } = useWords();
  const reasons = SHOWN.filter((reason) => of.reasons.includes(reason)).map((reason) => t(`offer_${reason}`));
  return reasons.length > 0 ? <span className="reasons">{reasons.join(", ")}</span> : null;
}

/** It is the practice's and not a time's: said once, over all of them. */
export function Insurance({ name, offers }: { name: string; offers: Offered[] }): ReactNode {
  const { t } = useWords();
  if (!name || !offers.some((each) => each.reasons.includes("insurance_not_listed"))) return null;
  return (
    <Text size="sm" role="note">
      {t("insuranceNotListed", { name })}
    </Text>
  );
}
