/** Who sees patients, and who does no more. */

import { Anchor, Table } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import type { Practitioner } from "./data";

interface Props {
  practitioners: Practitioner[];
  onEdit: (practitioner: Practitioner) => void;
}

export function PractitionerRows({ practitioners, onEdit }: Props): ReactNode {
  const { t } = useWords();
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table aria-label={t("practitioners")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("memberName")}</Table.Th>
            <Table.Th>{t("qualification")}</Table.Th>
            <Table.Th ta="right">{t("overbookings")}</Table.Th>
            <Table.Th>{t("seesPatients")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {practitioners.map((each) => (
            <Table.Tr key={each.id}>
              <Table.Td>
                <Anchor component="button" type="button" size="sm" onClick={() => onEdit(each)}>
                  {each.name}
                </Anchor>
              </Table.Td>
              <Table.Td>{each.qualification || "—"}</Table.Td>
              <Table.Td ta="right">{each.overbookingsADay}</Table.Td>
              <Table.Td>{t(each.active ? "inUseYes" : "inUseNo")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
