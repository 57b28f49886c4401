/** All keys of the desk; who has never seen it books from here. */

import { SimpleGrid, Switch, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Dialog } from "../Dialog";
import { useWords } from "../i18n";
import type { Key } from "../i18n/en";

const SINGLE_KEYS = "mybcat.single-keys";

/** Whether single keys are heard, as it was chosen in this browser. */
export function useSingleKeys(): [boolean, (on: boolean) => void] {
  const [on, choose] = useState(localStorage.getItem(SINGLE_KEYS) !== "off");
  function keep(wanted: boolean): void {
    localStorage.setItem(SINGLE_KEYS, wanted ? "on" : "off");
    choose(wanted);
  }
  return [on, keep];
}

export const KEYS: [string, Key][] = [
  ["/", "key_find"],
  ["a", "key_add"],
  ["p", "key_patient"],
  ["q", "key_questions"],
  ["n", "key_next"],
  ["y", "key_why"],
  ["h", "key_hold"],
  ["b", "key_book"],
  ["g", "key_together"],
  ["u", "key_undo"],
  ["d", "key_board"],
  ["← ↑ → ↓ Enter", "key_arrows"],
  ["m", "key_move"],
  ["s", "key_swap"],
  ["o", "key_overbook"],
  ["x", "key_cancel"],
  ["e", "key_mistaken"],
  ["[ ]", "key_days"],
  ["v", "key_view"],
  ["t", "key_today"],
  ["c", "key_call"],
  ["w", "key_work"],
  ["Ctrl K", "key_palette"],
  ["?", "key_help"],
];

const HALF = Math.ceil(KEYS.length / 2);

interface Props {
  opened: boolean;
  onClose: () => void;
  on: boolean;
  onSwitch: (on: boolean) => void;
}

export function KeySheet({ opened, onClose, on, onSwitch }: Props): ReactNode {
  const { t } = useWords();
  return (
    <Dialog wide opened={opened} onClose={onClose} title={t("keys")}>
      <Text size="sm" mb="xs">
        {t("keysHint")}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Rows keys={KEYS.slice(0, HALF)} />
        <Rows keys={KEYS.slice(HALF)} />
      </SimpleGrid>
      <Switch mt="md" label={t("singleKeys")} checked={on} onChange={(event) => onSwitch(event.currentTarget.checked)} />
    </Dialog>
  );
}

/** In two of them the sheet fits on the screen. */
function Rows({ keys: rows }: { keys: typeof KEYS }): ReactNode {
  const { t } = useWords();
  return (
    <Table>
      <Table.Tbody>
        {rows.map(([keys, told]) => (
          <Table.Tr key={keys}>
            <Table.Th scope="row">
              {keys.split(" ").map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
            </Table.Th>
            <Table.Td>{t(told)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
