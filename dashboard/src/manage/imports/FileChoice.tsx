/** The file: chosen, read here, and looked at before anything of it is sent. */

import { Alert, Button, FileButton, Group, List, Stack, Text } from "@mantine/core";
import { useRef, type ReactNode } from "react";

import { useNumbers } from "../reports/numbers";
import { useWords } from "../words";
import { COLUMNS, fits, type Head, type Kind } from "./columns";
import { textOf, type Content } from "./file";

export type Chosen = Content & { name: string };

interface Props {
  kind: Kind;
  chosen: Chosen | null;
  head: Head | null;
  onChoose: (chosen: Chosen) => void;
}

export function FileChoice({ kind, chosen, head, onChoose }: Props): ReactNode {
  const { t } = useWords();
  const { number } = useNumbers();
  const reset = useRef<() => void>(null);
  async function read(file: File | null): Promise<void> {
    // Or the same file, corrected and chosen again, would be no change to the browser.
    reset.current?.();
    if (file === null) return;
    // Nothing can be read where it was moved, or where another program keeps it to itself.
    const bytes = await file.arrayBuffer().catch(() => null);
    const content = bytes === null ? ({ content: null, problem: "unreadable" } as const) : textOf(new Uint8Array(bytes));
    onChoose({ ...content, name: file.name });
  }
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <FileButton accept=".csv,.tsv,.txt,text/csv,text/plain" resetRef={reset} onChange={(file) => void read(file)}>
          {(props) => (
            <Button variant="default" {...props}>
              {t(chosen ? "importOtherFile" : "importFile")}
            </Button>
          )}
        </FileButton>
        <Text size="sm" role="status">
          {chosen && head
            ? t(head.lines === 1 ? "importFileLine" : "importFileLines", { name: chosen.name, lines: number(head.lines) })
            : (chosen?.name ?? t("importNoFile"))}
        </Text>
      </Group>
      {chosen?.problem ? (
        <Alert color="red" variant="outline" role="alert">
          <Text size="sm">{t(`importFile_${chosen.problem}`)}</Text>
        </Alert>
      ) : null}
      {head && !fits(head, kind) ? <WrongHead head={head} kind={kind} /> : null}
    </Stack>
  );
}

function WrongHead({ head, kind }: { head: Head; kind: Kind }): ReactNode {
  const { t } = useWords();
  const { number } = useNumbers();
  const { most } = COLUMNS[kind];
  const wrong = [
    ...(head.missing.length > 0 ? [t("importHeadMissing", { columns: head.missing.join(", ") })] : []),
    ...head.unknown.slice(0, 10).map(({ place, name }) => t(name === "" ? "importHeadNameless" : "importHeadUnknown", { place, name })),
    ...head.twice.map((column) => t("importHeadTwice", { column })),
    ...(head.lines === 0 ? [t("importNoLines")] : []),
    ...(head.lines > most ? [t("importTooLong", { lines: number(head.lines), most: number(most) })] : []),
  ];
  return (
    <Alert color="red" variant="outline" role="alert">
      <Text size="sm">{t("importHeadWrong")}</Text>
      <List size="sm" mt={4}>
        {wrong.map((sentence) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
    </Alert>
  );
}
