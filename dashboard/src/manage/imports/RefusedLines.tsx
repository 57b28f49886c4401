/** The lines that cannot be taken over, each with its field and with what to do about it; all of them as a file. */

import { Button, Code, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Failure } from "../../Failure";
import { save } from "../download";
import { useWords } from "../words";
import { refusedLines, type ImportDetail } from "./data";
import { together, type LineError } from "./refused";

const SHOWN = 200;
/** More lines than fit on a screen are told together first. */
const FEW = 12;

export function RefusedLines({ job }: { job: ImportDetail }): ReactNode {
  const { t } = useWords();
  const downloading = useMutation({
    mutationFn: () => refusedLines(job.importId),
    onSuccess: (csv) => save(csv, `${job.importId}.csv`),
  });
  return (
    <Stack gap="xs" component="section" aria-label={t("importProblems")}>
      <Group justify="space-between">
        <Title order={3} size="h4">
          {t("importProblems")}
        </Title>
        <Button size="xs" variant="default" loading={downloading.isPending} onClick={() => downloading.mutate()}>
          {t("importProblemsCsv")}
        </Button>
      </Group>
      {downloading.error ? <Failure error={downloading.error} /> : null}
      {job.lineErrors.length > FEW ? <Summary errors={job.lineErrors} /> : null}
      {job.lineErrorCount > SHOWN ? <Text size="sm">{t("firstFailures", { count: SHOWN, total: job.lineErrorCount })}</Text> : null}
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label={t("importProblems")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={90} ta="right">
                {t("importLine")}
              </Table.Th>
              <Table.Th w={180}>{t("importColumn")}</Table.Th>
              <Table.Th>{t("importMend")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {job.lineErrors.slice(0, SHOWN).map(({ line, column, code }, at) => (
              <Table.Tr key={at}>
                <Table.Td ta="right">{line}</Table.Td>
                <Table.Td>{column ? <Code>{column}</Code> : t("importWholeLine")}</Table.Td>
                <Table.Td>{t(`line_${code}`)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

function Summary({ errors }: { errors: LineError[] }): ReactNode {
  const { t } = useWords();
  return (
    <ul className="plain" aria-label={t("importSummary")}>
      {together(errors).map(({ column, code, lines }) => (
        <li key={`${column} ${code}`}>
          <strong>{t("importTimes", { count: lines.length })}</strong> {column ? <Code>{column}</Code> : null} {t(`line_${code}`)}
        </li>
      ))}
    </ul>
  );
}
