/** Times that somebody keeps for a caller now, and for how much longer. */

import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { HeldTime } from "../../api/client";
import type { Names } from "../names";
import { Remaining } from "../Offers";
import { useWords } from "../words";

interface Props {
  holds: HeldTime[];
  names: Names;
  when: (instant: string) => string;
}

export function OffersUnderWay({ holds, names, when }: Props): ReactNode {
  const { t } = useWords();
  const offered = holds.filter((held) => held.kind === "agent");
  if (offered.length === 0) return <Text size="sm">{t("noOffersUnderWay")}</Text>;
  return (
    <Table aria-label={t("offersUnderWay")}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("at")}</Table.Th>
          <Table.Th>{t("practitioner")}</Table.Th>
          <Table.Th>{t("who")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {offered.map((held) => (
          <Table.Tr key={held.holdId + held.slotId} data-hold={held.holdId}>
            <Table.Td>{when(held.start)}</Table.Td>
            <Table.Td>{names.practitioner.get(held.practitionerId)}</Table.Td>
            <Table.Td>
              {held.mine ? t("heldByYou") : t("heldBy", { name: held.holder.name ?? t("someone") })} <Remaining until={held.expiresAt} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
