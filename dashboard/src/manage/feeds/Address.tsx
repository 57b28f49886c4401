/** The secret address of a feed, shown this once, and where each calendar program takes it. */

import { List, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Secret } from "../Secret";
import { useWords } from "../words";
import type { WithAddress } from "./data";

const PROGRAMS = ["google", "outlook", "apple"] as const;

interface Props {
  feed: WithAddress;
  name: string;
  onStored: () => void;
}

export function Address({ feed, name, onStored }: Props): ReactNode {
  const { t } = useWords();
  const told = {
    once: t("feedOnce", { name }),
    text: t("feedOnceText"),
    name: t("feedAddress"),
    show: t("feedAddressShow"),
    copy: t("feedAddressCopy"),
  };
  return (
    <Secret secret={feed.url} told={told} onStored={onStored}>
      <List size="sm" aria-label={t("feedWhere")}>
        {PROGRAMS.map((program) => (
          <List.Item key={program}>{t(`feedWhere_${program}`)}</List.Item>
        ))}
      </List>
      <Text size="sm">{t("feedLate")}</Text>
    </Secret>
  );
}
