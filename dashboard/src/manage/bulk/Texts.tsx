/** Bulk texts: those that were sent, a new one, and one of them in detail. */

import { Anchor, Button, Paper, Progress, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { Compose } from "./Compose";
import { JobDetail } from "./JobDetail";
import { useJobs, type Job } from "./jobs";

export function Texts(): ReactNode {
  // Not in the address: it would be asked for in whatever practice is entered next.
  const [opened, open] = useState<string | null>(null);
  const [composing, compose] = useState(false);
  if (opened) return <JobDetail key={opened} id={opened} onClose={() => open(null)} />;
  if (composing) {
    return (
      <Compose
        onClose={() => compose(false)}
        onSent={(id) => {
          compose(false);
          open(id);
        }}
      />
    );
  }
  return <Jobs onOpen={open} onNew={() => compose(true)} />;
}

function Jobs({ onOpen, onNew }: { onOpen: (id: string) => void; onNew: () => void }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const jobs = useJobs();
  const first = (
    <Paper withBorder p="lg">
      <Stack align="start" gap="sm">
        <Text>{t("noTexts")}</Text>
        <Button onClick={onNew}>{t("newText")}</Button>
      </Stack>
    </Paper>
  );
  const actions = jobs.data?.length ? <Button onClick={onNew}>{t("newText")}</Button> : null;
  return (
    <Page title={t("texts")} hint={t("textsHint")} actions={actions}>
      <Loaded query={jobs} empty={first}>
        {(found) => (
          <Table.ScrollContainer minWidth={620}>
            <Table aria-label={t("texts")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("madeAt")}</Table.Th>
                  <Table.Th>{t("status")}</Table.Th>
                  <Table.Th w="35%">{t("progress")}</Table.Th>
                  <Table.Th ta="right">{t("sent")}</Table.Th>
                  <Table.Th ta="right">{t("failedCount")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((job) => (
                  <Table.Tr key={job.jobId} data-job={job.jobId}>
                    <Table.Td>
                      <Anchor component="button" type="button" size="sm" onClick={() => onOpen(job.jobId)}>
                        {when(job.createdAt)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{t(`job_${job.status}`)}</Table.Td>
                    <Table.Td>
                      <HowFar job={job} />
                    </Table.Td>
                    <Table.Td ta="right">{job.sent}</Table.Td>
                    <Table.Td ta="right">{job.failed}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
    </Page>
  );
}

export function HowFar({ job }: { job: Job }): ReactNode {
  const { t } = useWords();
  const told = t("progressOf", { processed: job.processed, total: job.total });
  const share = (count: number): number => (100 * count) / job.total;
  return (
    <div>
      <Progress.Root size="lg">
        <Progress.Section value={share(job.sent)} color="indigo.8" aria-label={`${t("sent")}: ${told}`} />
        <Progress.Section value={share(job.failed)} color="red.8" aria-label={t("failedCount")} />
      </Progress.Root>
      <Text size="xs" className="muted">
        {told}
      </Text>
    </div>
  );
}
