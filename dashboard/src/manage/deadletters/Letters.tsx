/** A line for each of them, to be chosen one by one or all that are shown. */

import { Checkbox, Code, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useReason } from "../reasons";
import { useWhen } from "../when";
import { useWords } from "../words";
import type { DeadLetter } from "./data";

interface Props {
  letters: DeadLetter[];
  chosen: string[];
  onChoose: (ids: string[]) => void;
}

export function Letters({ letters, chosen, onChoose }: Props): ReactNode {
  const { t } = useWords();
  const all = letters.map((letter) => letter.deliveryId);
  return (
    <Table.ScrollContainer minWidth={700}>
      <Table aria-label={t("deadLetters")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={40}>
              <Checkbox
                aria-label={t("chooseAll")}
                checked={chosen.length === all.length}
                indeterminate={chosen.length > 0 && chosen.length < all.length}
                onChange={(event) => onChoose(event.currentTarget.checked ? all : [])}
              />
            </Table.Th>
            <Table.Th>{t("listener")}</Table.Th>
            <Table.Th>{t("event")}</Table.Th>
            <Table.Th>{t("happenedAt")}</Table.Th>
            <Table.Th>{t("attempts")}</Table.Th>
            <Table.Th>{t("lastError")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {letters.map((letter) => (
            <Line
              key={letter.deliveryId}
              letter={letter}
              on={chosen.includes(letter.deliveryId)}
              onTick={(on) =>
                onChoose(on ? [...chosen, letter.deliveryId] : chosen.filter((each) => each !== letter.deliveryId))
              }
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Line({ letter, on, onTick }: { letter: DeadLetter; on: boolean; onTick: (on: boolean) => void }): ReactNode {
  const { t, has } = useWords();
  const when = useWhen();
  const reason = useReason();
  const [listener, event] = [`listener_${letter.listener}`, `event_${letter.eventType}`];
  const name = has(listener) ? t(listener) : letter.listener;
  const what = has(event) ? t(event) : letter.eventType;
  return (
    <Table.Tr data-letter={letter.deliveryId} {...(on ? { bg: "light-dark(#edf2ff, #242d4d)" } : {})}>
      <Table.Td>
        <Checkbox
          aria-label={t("chooseOne", { what, listener: name, when: when(letter.eventAt) })}
          checked={on}
          onChange={(ticked) => onTick(ticked.currentTarget.checked)}
        />
      </Table.Td>
      <Table.Td>{name}</Table.Td>
      <Table.Td>
        {what}
        <Text size="xs" className="muted address">
          <Code>{Object.values(letter.about)[0]}</Code>
        </Text>
      </Table.Td>
      <Table.Td>{when(letter.eventAt)}</Table.Td>
      <Table.Td>
        {letter.attempts}
        <Text size="xs" className="muted">
          {letter.firstAttemptAt ? t("triedSince", { when: when(letter.firstAttemptAt) }) : ""}
        </Text>
      </Table.Td>
      <Table.Td>
        {reason(letter.lastError)}
      </Table.Td>
    </Table.Tr>
  );
}
