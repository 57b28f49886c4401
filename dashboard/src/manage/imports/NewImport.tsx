/** A new import: what the file holds, a try that keeps nothing, and only then the file itself. */

import { Alert, Button, Checkbox, Code, Group, NativeSelect, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";

import { Refusal } from "../../api/client";
import { newKey } from "../../desk/changes";
import { Failure } from "../../Failure";
import { save } from "../download";
import { Page } from "../Page";
import { csv } from "../reports/csv";
import { useNumbers } from "../reports/numbers";
import { useWords } from "../words";
import { COLUMNS, fits, headOf, KINDS, type Kind } from "./columns";
import { handIn, over, useImport, type ImportDetail, type Wish } from "./data";
import { FileChoice, type Chosen } from "./FileChoice";
import { onceEach } from "./once";
import { Outcome } from "./Outcome";

type Asked = Omit<Wish, "content" | "dryRun">;

interface Of {
  asked: Asked;
  chosen: Chosen | null;
}
type Trial = Of & { id: string };
interface Sent {
  wish: Wish;
  of: Of;
}

export function NewImport({ onClose, onTaken }: { onClose: () => void; onTaken: (id: string) => void }): ReactNode {
  const { t } = useWords();
  const [asked, ask] = useState<Asked>({ kind: "patients", dates: "iso", evenIfAlike: false });
  const [chosen, choose] = useState<Chosen | null>(null);
  const [trial, keep] = useState<Trial | null>(null);
  // What was found out is about this file, read in this way, and about no other.
  const tried = trial && trial.asked === asked && trial.chosen === chosen ? trial.id : null;
  const job = useImport(tried);
  const running = tried !== null && !(job.data && over(job.data));
  const [once] = useState(() => onceEach(newKey));
  const sending = useMutation({
    mutationFn: ({ wish }: Sent): Promise<ImportDetail> => once(JSON.stringify(wish), (key) => handIn(wish, key)),
    onSuccess: ({ importId, dryRun }, { of }) => (dryRun ? keep({ ...of, id: importId }) : onTaken(importId)),
  });
  const content = chosen?.content ?? null;
  const head = useMemo(() => (content === null ? null : headOf(content, asked.kind)), [content, asked.kind]);
  const ready = content !== null && head !== null && fits(head, asked.kind);
  function send(dryRun: boolean): void {
    if (!ready || running || sending.isPending) return;
    sending.mutate({ wish: { ...asked, content, dryRun }, of: { asked, chosen } });
  }
  function change(changed: Partial<Asked>, file: Chosen | null = chosen): void {
    sending.reset();
    choose(file);
    ask({ ...asked, ...changed });
  }
  const back = (
    <Button variant="default" onClick={onClose}>
      ← {t("backToImports")}
    </Button>
  );
  return (
    <Page title={t("newImport")} hint={t("newImportHint")} actions={back}>
      <Stack gap="md" maw={860}>
        <Form asked={asked} onChange={change} />
        <FileChoice kind={asked.kind} chosen={chosen} head={head} onChoose={(file) => change({}, file)} />
        <Group gap="xs">
          <Button
            disabled={!ready || running}
            loading={sending.isPending && sending.variables.wish.dryRun}
            variant={tried ? "default" : "filled"}
            onClick={() => send(true)}
          >
            {t(tried ? "importTryAgain" : "importTry")}
          </Button>
        </Group>
        {sending.error ? <Refused error={sending.error} /> : null}
      </Stack>
      {job.data ? (
        <Tried key={tried} job={job.data} pending={sending.isPending && !sending.variables.wish.dryRun} onTake={() => send(false)} />
      ) : job.error ? (
        <Failure error={job.error} retry={() => void job.refetch()} />
      ) : null}
    </Page>
  );
}

function Form({ asked, onChange }: { asked: Asked; onChange: (changed: Partial<Asked>) => void }): ReactNode {
  const { t } = useWords();
  return (
    <>
      <SegmentedControl
        className="own-width"
        aria-label={t("importKind")}
        value={asked.kind}
        // Twins are patients' alone.
        onChange={(kind) => onChange({ kind: kind as Kind, evenIfAlike: false })}
        data={KINDS.map((kind) => ({ value: kind, label: t(`importKind_${kind}`) }))}
      />
      <Needed kind={asked.kind} />
      <NativeSelect
        label={t("importDates")}
        maw={420}
        value={asked.dates}
        onChange={(event) => onChange({ dates: event.currentTarget.value as Asked["dates"] })}
        data={[
          { value: "iso", label: t("importDates_iso") },
          { value: "us", label: t("importDates_us") },
        ]}
      />
      {asked.kind === "patients" ? (
        <Checkbox
          label={t("importAlike")}
          description={t("importAlikeHint")}
          checked={asked.evenIfAlike}
          onChange={(event) => onChange({ evenIfAlike: event.currentTarget.checked })}
        />
      ) : null}
    </>
  );
}

/** What the file's first line must name, and a file that names it. */
function Needed({ kind }: { kind: Kind }): ReactNode {
  const { t } = useWords();
  const { number } = useNumbers();
  const { required, optional, most } = COLUMNS[kind];
  return (
    <Paper withBorder p="sm">
      <Stack gap={6} align="start">
        <Text size="sm">{t(`importKindHint_${kind}`, { most: number(most) })}</Text>
        <Columns label={t("importRequired")} names={required} />
        <Columns label={t("importOptional")} names={optional} />
        <Button size="xs" variant="default" onClick={() => save(csv([[...required, ...optional]]), `${kind}.csv`)}>
          {t("importTemplate")}
        </Button>
      </Stack>
    </Paper>
  );
}

function Columns({ label, names }: { label: string; names: string[] }): ReactNode {
  return (
    <Text size="sm">
      {label}:{" "}
      {names.map((name) => (
        <Code key={name} mr={6}>
          {name}
        </Code>
      ))}
    </Text>
  );
}

/** What was found out by trying, and the button that does it. */
function Tried({ job, pending, onTake }: { job: ImportDetail; pending: boolean; onTake: () => void }): ReactNode {
  const { t } = useWords();
  const { number } = useNumbers();
  const { created } = job;
  const good = over(job) && job.status === "completed";
  return (
    <>
      <Outcome job={job} arriving />
      {good && created > 0 ? (
        <Group>
          <Button loading={pending} onClick={onTake}>
            {t(created === 1 ? "importTakeOne" : "importTake", { count: number(created) })}
          </Button>
        </Group>
      ) : good ? (
        <Text size="sm">{t("importNothingNew")}</Text>
      ) : null}
    </>
  );
}

/** Codes of whole files that are told here in words that say what to do. */
const TOLD = ["import_unreadable", "import_wrong_columns", "import_too_long", "body_too_large"] as const;

function Refused({ error }: { error: Error }): ReactNode {
  const { t } = useWords();
  const code = TOLD.find((each) => error instanceof Refusal && error.code === each);
  const unsure = error instanceof Refusal && error.offline;
  if (!code && !unsure) return <Failure error={error} />;
  return (
    <Alert color={unsure ? "yellow" : "red"} variant="outline" role="alert">
      <Text size="sm">{t(code ? `importRefused_${code}` : "importUnsure")}</Text>
    </Alert>
  );
}
