/** Of a list: each thing that stands against a time, in the language of the screen. */

import { List } from "@mantine/core";
import type { ReactNode } from "react";

import type { Blocker } from "../api/client";
import { useHere } from "../here";
import { useWords } from "../i18n";
import { blockerTold } from "../i18n/blockers";

export function Blockers({ of }: { of: Blocker[] }): ReactNode {
  const { language } = useWords();
  const { practice } = useHere();
  return of.map((blocker) => (
    <List.Item key={blocker.code + blocker.sentence}>{blockerTold(blocker, language, practice.timeZone)}</List.Item>
  ));
}
