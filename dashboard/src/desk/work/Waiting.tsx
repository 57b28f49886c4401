/** A table of those who wait: for what, since when, and off the list again. */

import { Badge, Button, Group, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { newKey } from "../changes";
import type { Names } from "../names";
import { useWords } from "../words";
import { useRefreshWaitlist, withdraw, type Entry } from "./cascade";
import { wishesOf } from "./wishes";

interface Props {
  entries: Entry[];
  names: Names;
  when: (instant: string) => string;
  /** Left out on the patient's own card. */
  onPatient?: (id: string) => void;
}

export function Waiting({ entries, names, when, onPatient }: Props): ReactNode {
  const { t } = useWords();
  const { practice, role } = useHere();
  const refresh = useRefreshWaitlist(practice.id);
  const withdrawing = useMutation({ mutationFn: (id: string) => withdraw(id, newKey()), onSettled: refresh });
  return (
    <>
      {withdrawing.error ? <Failure error={withdrawing.error} /> : null}
      <Table aria-label={t("whoWaits")}>
        <Table.Thead>
          <Table.Tr>
            {onPatient ? <Table.Th>{t("patient")}</Table.Th> : null}
            <Table.Th>{t("visitType")}</Table.Th>
            <Table.Th>{t("wishes")}</Table.Th>
            <Table.Th>{t("since")}</Table.Th>
            <Table.Th>{t("action")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((each) => (
            <Table.Tr key={each.waitlistEntryId} data-waiting={each.status}>
              {onPatient ? (
                <Table.Td>
                  <Button size="compact-xs" variant="default" onClick={() => onPatient(each.patientId)}>
                    {each.firstName} {each.lastName}
                  </Button>
                </Table.Td>
              ) : null}
              <Table.Td>
                <Group gap={4}>
                  {names.type.get(each.type) ?? each.type}
                  {each.urgency === "urgent" ? <Badge color="red" variant="outline">{t("urgency_urgent")}</Badge> : null}
                  {each.status === "offered" ? <Badge variant="default">{t("offer_open")}</Badge> : null}
                </Group>
              </Table.Td>
              <Table.Td>
                <Text size="sm">{wishesOf(each, names, t)}</Text>
              </Table.Td>
              <Table.Td>{when(each.createdAt)}</Table.Td>
              <Table.Td>
                {role === "practitioner" ? null : (
                  <Withdraw
                    waiting={withdrawing.isPending && withdrawing.variables === each.waitlistEntryId}
                    onSure={() => withdrawing.mutate(each.waitlistEntryId)}
                  />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

/** Asked once more: a place on the list is lost by it. */
function Withdraw({ waiting, onSure }: { waiting: boolean; onSure: () => void }): ReactNode {
  const { t } = useWords();
  const [asking, ask] = useState(false);
  if (!asking) {
    return (
      <Button size="compact-xs" variant="default" loading={waiting} onClick={() => ask(true)}>
        {t("withdraw")}
      </Button>
    );
  }
  return (
    <Group gap={4}>
      <Button
        size="compact-xs"
        color="red"
        autoFocus
        onClick={() => {
          ask(false);
          onSure();
        }}
      >
        {t("withdrawSure")}
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => ask(false)}>
        {t("keepWaiting")}
      </Button>
    </Group>
  );
}
