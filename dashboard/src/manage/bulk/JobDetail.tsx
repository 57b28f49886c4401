/** One bulk text: how far it is, to be paused, resumed or cancelled; and what failed. */

import { Alert, Button, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, told } from "../../api/client";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { cells } from "../../lib/table";
import { save } from "../download";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { failures, over, useJob, useRefresh, type Job } from "./jobs";
import { isQuiet } from "./quiet";
import { HowFar } from "./Texts";

const SHOWN = 200;

type Change = "pause" | "resume" | "cancel";

function change(id: string, what: Change): Promise<unknown> {
  const params = { params: { path: { job_id: id } } };
  const ask = {
    pause: () => api.POST("/api/v2/bulk-messages/{job_id}/pause", params),
    resume: () => api.POST("/api/v2/bulk-messages/{job_id}/resume", params),
    cancel: () => api.POST("/api/v2/bulk-messages/{job_id}/cancel", params),
  }[what];
  return told(ask);
}

export function JobDetail({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const job = useJob(id);
  const back = (
    <Button variant="default" onClick={onClose}>
      ← {t("backToTexts")}
    </Button>
  );
  return (
    <Page title={t("job")} actions={back}>
      <Loaded query={job}>
        {(found) => (
          <>
            <State job={found} />
            {found.failed > 0 && !found.erasedAt ? <Failures job={found} /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function State({ job }: { job: Job }): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const when = useMoment();
  const refresh = useRefresh();
  const [stopping, stop] = useState(false);
  const changing = useMutation({ mutationFn: (what: Change) => change(job.jobId, what), onSettled: refresh });
  const left = job.total - job.processed;
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Group justify="space-between">
          <Text fw={700} role="status" data-job-status={job.status}>
            {t(`job_${job.status}`)}
          </Text>
          {over(job) ? null : (
            <Group gap="xs">
              {job.status === "paused" ? (
                <Button size="xs" loading={changing.isPending} onClick={() => changing.mutate("resume")}>
                  {t("resume")}
                </Button>
              ) : (
                <Button size="xs" variant="default" loading={changing.isPending} onClick={() => changing.mutate("pause")}>
                  {t("pause")}
                </Button>
              )}
              <Button size="xs" color="red" variant="outline" onClick={() => stop(true)}>
                {t("stop")}
              </Button>
            </Group>
          )}
        </Group>
        {changing.error ? <Failure error={changing.error} /> : null}
        {job.status === "failed" ? <Alert color="red" variant="outline">{t("jobFailed", { code: job.code })}</Alert> : null}
        <HowFar job={job} />
        {!over(job) && job.status !== "paused" && isQuiet(new Date(), practice.timeZone) ? <Text size="sm">{t("jobRests")}</Text> : null}
        <Text size="sm">
          {t("sent")}: {job.sent} · {t("failedCount")}: {job.failed}
        </Text>
        <Text size="sm" className="muted">
          {t("madeAt")} {when(job.createdAt)} · {t("startedAt")} {when(job.startedAt)} · {t("endedAt")} {when(job.completedAt)}
        </Text>
        {job.erasedAt ? <Text size="sm">{t("erased", { date: when(job.erasedAt) })}</Text> : null}
      </Stack>
      {stopping ? (
        <Dialog onClose={() => stop(false)} title={t("stopTitle")}>
          <Text mb="md">{t("stopText", { count: left })}</Text>
          <Group gap="xs">
            <Button
              color="red"
              onClick={() => {
                stop(false);
                changing.mutate("cancel");
              }}
            >
              {t("stop")}
            </Button>
            <Button variant="default" onClick={() => stop(false)} data-autofocus>
              {t("close")}
            </Button>
          </Group>
        </Dialog>
      ) : null}
    </Paper>
  );
}

function Failures({ job }: { job: Job }): ReactNode {
  const { practice } = useHere();
  const { t, has } = useWords();
  const [shown, show] = useState(false);
  const found = useQuery({
    enabled: shown,
    // Whose numbers failed, is on record as looked at; so not before it is asked for.
    queryKey: ["bulk-failures", practice.id, job.jobId, job.failed],
    queryFn: () => failures(job.jobId),
  });
  if (!shown) {
    return (
      <Button variant="default" onClick={() => show(true)} className="own-width">
        {t("showFailures")} ({job.failed})
      </Button>
    );
  }
  return (
    <section aria-label={t("failures")}>
      <Group justify="space-between" mb="xs">
        <Title order={3} size="h4">
          {t("failures")}
        </Title>
        {found.data ? (
          <Button size="xs" variant="default" onClick={() => save(found.data, `${job.jobId}.csv`)}>
            {t("downloadFailures")}
          </Button>
        ) : null}
      </Group>
      <Loaded query={found}>
        {(csv) => {
          const rows = cells(csv).slice(1);
          return (
            <>
              {rows.length > SHOWN ? <Text size="sm">{t("firstFailures", { count: SHOWN, total: rows.length })}</Text> : null}
              <Table aria-label={t("failures")}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("number")}</Table.Th>
                    <Table.Th>{t("why")}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {rows.slice(0, SHOWN).map(([number, code = ""], at) => {
                    const key = `code_${code}`;
                    return (
                      <Table.Tr key={at}>
                        <Table.Td>{number}</Table.Td>
                        <Table.Td>{has(key) ? t(key) : code}</Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
            </>
          );
        }}
      </Loaded>
    </section>
  );
}
