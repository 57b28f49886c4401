/** Clinicians on their way to patients today: where they are, and when they will be there. */

import { Paper, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useHere } from "../../here";
import { clock } from "../../lib/time";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { usePositions, useVisits, type Row } from "./data";
import { Plan } from "./Plan";
import type { Positions } from "./positions";

export function Visits(): ReactNode {
  const { t } = useWords();
  const visits = useVisits();
  const watched = (visits.data ?? []).filter((row) => row.visit.status !== "planned").map((row) => row.visit.visitId);
  const { state, positions } = usePositions(watched);
  const first = (
    <Paper withBorder p="lg">
      <Stack gap="sm">
        <Text>{t("visitsNone")}</Text>
      </Stack>
    </Paper>
  );
  const told = state === "live" || state === "connecting" || state === "polling" || state === "offline" ? t(state) : "";
  return (
    <Page
      title={t("visits")}
      hint={t("visitsHint")}
      actions={
        <Text size="sm" role="status" data-live={state}>
          {state === "polling" ? t("visitsPolling") : told}
        </Text>
      }
    >
      <Loaded query={visits} empty={first}>
        {(rows) => <Drawn rows={rows} positions={positions} />}
      </Loaded>
    </Page>
  );
}

function Drawn({ rows, positions }: { rows: Row[]; positions: Positions }): ReactNode {
  const { practice } = useHere();
  const { t, language } = useWords();
  const at = (instant: string | null | undefined): string =>
    instant ? clock(new Date(instant), practice.timeZone, language) : "—";
  const placed = rows.map((row, place) => ({
    number: place + 1,
    name: row.practitioner,
    trail: row.visit.status === "planned" ? [] : (positions[row.visit.visitId] ?? []),
  }));
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label={t("visits")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("visitsNumber")}</Table.Th>
              <Table.Th>{t("by_practitioner")}</Table.Th>
              <Table.Th>{t("visitsStart")}</Table.Th>
              <Table.Th>{t("status")}</Table.Th>
              <Table.Th>{t("visitsEta")}</Table.Th>
              <Table.Th>{t("visitsSeen")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ visit, practitioner, startsAt }, place) => {
              const last = placed[place]?.trail.at(-1);
              return (
                <Table.Tr key={visit.visitId} data-visit={visit.status}>
                  <Table.Td>{place + 1}</Table.Td>
                  <Table.Th scope="row">{practitioner}</Table.Th>
                  <Table.Td>{at(startsAt)}</Table.Td>
                  <Table.Td>
                    <Text size="sm">{t(`visits_${visit.status}`)}</Text>
                  </Table.Td>
                  <Table.Td>{visit.status === "under_way" ? (last?.eta ?? "—") : "—"}</Table.Td>
                  <Table.Td>{at(last?.at)}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Plan placed={placed} />
    </SimpleGrid>
  );
}
