/** Who saw and changed the patient's data, for managers. */

import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Patient } from "../../api/client";
import { useHere } from "../../here";
import { Loaded } from "../../manage/Loaded";
import { useWords } from "../words";
import { useTrail, type TrailEntry } from "./data";

export function Trail({ patient, when }: { patient: Patient; when: (instant: string) => string }): ReactNode {
  const { practice } = useHere();
  const { t, has } = useWords();
  const trail = useTrail(practice.id, patient.id);
  const named = (actor: TrailEntry["who"]): string => {
    const key = `kind_${actor.kind}`;
    return has(key) ? t(key, { name: actor.name ?? "" }) : (actor.name ?? actor.kind);
  };
  return (
    <>
      <Text size="sm" className="muted" mb="xs">
        {t("trailHint")}
      </Text>
      <Loaded query={trail} empty={t("noTrail")}>
        {(found) => (
          <Table.ScrollContainer minWidth={480}>
            <Table aria-label={t("trail")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("at")}</Table.Th>
                  <Table.Th>{t("who")}</Table.Th>
                  <Table.Th>{t("action")}</Table.Th>
                  <Table.Th>{t("outcome")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.toReversed().map((each, at) => (
                  <Table.Tr key={at}>
                    <Table.Td>{when(each.at)}</Table.Td>
                    <Table.Td>
                      {named(each.who)}
                      {each.onBehalfOf ? ` (${t("behalfOf", { name: named(each.onBehalfOf) })})` : ""}
                    </Table.Td>
                    <Table.Td>{each.action}</Table.Td>
                    <Table.Td>{each.outcome}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
    </>
  );
}
