/** Files of patients, hours and appointments: those that were handed in, a new one, and one of them in detail. */

import { Anchor, Button, Paper, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { useMoment } from "../moment";
import { useOpened } from "../opened";
import { Page } from "../Page";
import { useNumbers } from "../reports/numbers";
import { useWords } from "../words";
import { over, useImport, useImports, type Import } from "./data";
import { NewImport } from "./NewImport";
import { Outcome } from "./Outcome";

export function Imports(): ReactNode {
  const [opened, open] = useOpened("/manage/imports");
  const [adding, add] = useState(false);
  if (opened) return <OneImport key={opened} id={opened} onClose={() => open(null)} />;
  if (adding) {
    return (
      <NewImport
        onClose={() => add(false)}
        onTaken={(id) => {
          add(false);
          open(id);
        }}
      />
    );
  }
  return <List onOpen={open} onNew={() => add(true)} />;
}

function OneImport({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const job = useImport(id);
  const back = (
    <Button variant="default" onClick={onClose}>
      ← {t("backToImports")}
    </Button>
  );
  return (
    <Page title={t("importOne")} actions={back}>
      <Loaded query={job}>
        {(found) => (
          <>
            <Text size="sm">
              {t(`importKind_${found.kind}`)} · {t(found.dryRun ? "importTried" : "importMeant")} · {t("madeAt")} {when(found.createdAt)}
              {found.endedAt ? ` · ${t("endedAt")} ${when(found.endedAt)}` : ""}
            </Text>
            <Outcome job={found} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function List({ onOpen, onNew }: { onOpen: (id: string) => void; onNew: () => void }): ReactNode {
  const { t } = useWords();
  const imports = useImports();
  const add = <Button onClick={onNew}>{t("newImport")}</Button>;
  const first = (
    <Paper withBorder p="lg">
      <Stack align="start" gap="sm">
        <Text>{t("noImports")}</Text>
        {add}
      </Stack>
    </Paper>
  );
  return (
    <Page title={t("imports")} hint={t("importsHint")} actions={imports.data?.length ? add : null}>
      <Loaded query={imports} empty={first}>
        {(found) => (
          <Table.ScrollContainer minWidth={680}>
            <Table aria-label={t("imports")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("madeAt")}</Table.Th>
                  <Table.Th>{t("importKind")}</Table.Th>
                  <Table.Th>{t("status")}</Table.Th>
                  <Table.Th ta="right">{t("importLines")}</Table.Th>
                  <Table.Th ta="right">{t("importCreated")}</Table.Th>
                  <Table.Th ta="right">{t("importKnown")}</Table.Th>
                  <Table.Th ta="right">{t("importProblems")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((job) => (
                  <Line key={job.importId} job={job} onOpen={onOpen} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
    </Page>
  );
}

function Line({ job, onOpen }: { job: Import; onOpen: (id: string) => void }): ReactNode {
  const { t } = useWords();
  const { number } = useNumbers();
  const when = useMoment();
  const came = over(job) && !job.dryRun;
  return (
    <Table.Tr data-import={job.status}>
      <Table.Td>
        <Anchor component="button" type="button" size="sm" onClick={() => onOpen(job.importId)}>
          {when(job.createdAt)}
        </Anchor>
      </Table.Td>
      <Table.Td>{t(`importKind_${job.kind}`)}</Table.Td>
      <Table.Td>
        {t(came && job.status === "completed" ? "importTaken" : `importStatus_${job.status}`)}
        {job.dryRun ? (
          <Text size="xs" className="muted">
            {t("importTried")}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td ta="right">{number(job.lines)}</Table.Td>
      <Table.Td ta="right">{came ? number(job.created) : "—"}</Table.Td>
      <Table.Td ta="right">{came ? number(job.known) : "—"}</Table.Td>
      <Table.Td ta="right">{over(job) ? number(job.lineErrorCount) : "—"}</Table.Td>
    </Table.Tr>
  );
}
