/** What came of a file: on its way, in order, taken over, or refused and why. */

import { Alert, Stack, Text } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";

import { useNumbers } from "../reports/numbers";
import { useWords, type Translate } from "../words";
import { over, useTakenOver, type ImportDetail } from "./data";
import { RefusedLines } from "./RefusedLines";

interface Props {
  job: ImportDetail;
  /** It has just come: whoever pressed the button for it goes on from here. */
  arriving?: boolean;
}

export function Outcome({ job, arriving = false }: Props): ReactNode {
  const { t, has } = useWords();
  const { number } = useNumbers();
  const alert = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (arriving) alert.current?.focus();
  }, [arriving]);
  useTakenOver(job);
  const [colour, sentence] = said(job, number, t, has);
  return (
    <Stack gap="sm">
      <Alert color={colour} variant="outline" role="status" ref={alert} tabIndex={-1} data-import-status={job.status}>
        <Text size="sm" fw={600}>
          {sentence}
        </Text>
        {over(job) ? null : (
          <>
            <progress className="on-its-way" aria-label={sentence} />
            <Text size="sm">{t("importMayLeave")}</Text>
          </>
        )}
      </Alert>
      {job.lineErrorCount > 0 ? <RefusedLines job={job} /> : null}
    </Stack>
  );
}

function said(
  job: ImportDetail,
  told: (count: number) => string,
  t: Translate,
  has: ReturnType<typeof useWords>["has"],
): [colour: string, sentence: string] {
  const { dryRun, status, code, lineErrorCount: problems } = job;
  const [lines, created, known] = [told(job.lines), told(job.created), told(job.known)];
  if (status === "queued") return ["indigo", t("importWaits", { lines })];
  if (status === "in_progress") return ["indigo", t("importRuns", { lines })];
  if (status === "completed") return ["teal", t(dryRun ? "importInOrder" : "importDone", { lines, created, known })];
  if (code === "invalid_lines") return ["red", t(problems === 1 ? "importRefusedOne" : "importRefused", { count: told(problems) })];
  const why = `importWhy_${code}`;
  return ["red", has(why) ? t(why) : t("importWhy", { code })];
}
