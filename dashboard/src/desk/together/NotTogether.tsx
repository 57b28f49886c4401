/** Nothing was booked: of each appointment that cannot be had, all that stands against it. */

import { Alert, List, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Refusal, type Blocker, type Slot } from "../../api/client";
import { Failure } from "../../Failure";
import { told } from "../../i18n/refusals";
import { Blockers } from "../Blockers";
import { useWords } from "../words";

interface Refused {
  item: number;
  code: string;
  sentence: string;
  /** Of one in a series, whose day nobody chose. */
  start: string;
  blockers: Blocker[];
  nearest: Slot[];
}

export function NotTogether({ error, when }: { error: unknown; when: (instant: string) => string }): ReactNode {
  const { t, language } = useWords();
  const items = error instanceof Refusal && error.code === "group_refused" ? (error.members["items"] as Refused[]) : null;
  if (!items) return <Failure error={error} />;
  return (
    <Alert color="red" variant="outline" role="alert" title={t("noneBooked")}>
      {items.map((each) => (
        <div key={each.item}>
          <Text size="sm" fw={600}>
            {t("togetherStep", { number: each.item + 1 })}: {when(each.start)}
          </Text>
          <List size="sm">
            {each.blockers.length === 0 ? <List.Item>{told({ code: each.code, message: each.sentence }, language)}</List.Item> : null}
            <Blockers of={each.blockers} />
            {each.nearest.length > 0 ? (
              <List.Item>
                {t("nearest")}: {each.nearest.map((slot) => when(slot.start)).join("; ")}
              </List.Item>
            ) : null}
          </List>
        </div>
      ))}
      <Text size="sm">{t("findTimesAgain")}</Text>
    </Alert>
  );
}
