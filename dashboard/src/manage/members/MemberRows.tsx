/** The members: what each may do, and who has not come in yet. */

import { Anchor, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import type { Member } from "./data";

export function MemberRows({ members, onEdit }: { members: Member[]; onEdit: (member: Member) => void }): ReactNode {
  const { t } = useWords();
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table aria-label={t("members")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("memberName")}</Table.Th>
            <Table.Th>{t("email")}</Table.Th>
            <Table.Th>{t("role")}</Table.Th>
            <Table.Th>{t("access")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {members.map((member) => (
            <Table.Tr key={member.memberId}>
              <Table.Td>
                {member.me ? (
                  <Text size="sm">
                    {member.name} ({t("you")})
                  </Text>
                ) : (
                  <Anchor component="button" type="button" size="sm" onClick={() => onEdit(member)}>
                    {member.name || member.email}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td>{member.email}</Table.Td>
              <Table.Td>{t(`role_${member.role}`)}</Table.Td>
              <Table.Td>
                {member.active && member.pending ? (
                  <Text size="sm" fw={600}>
                    {t("access_pending")}
                  </Text>
                ) : (
                  t(member.active ? "access_yes" : "access_no")
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
