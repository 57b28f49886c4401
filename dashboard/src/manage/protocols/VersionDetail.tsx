/** One version: a draft to be worked on, or what was published, to be read. */

import { Alert, Badge, Button, Group, Tabs, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Refusal } from "../../api/client";
import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { pointed } from "../pointed";
import { useMoment } from "../moment";
import { Unsaved } from "../Unsaved";
import { useWords } from "../words";
import { useReference, type Reference } from "./data";
import { contentOf, faultsOf, within } from "./definition";
import { Examples } from "./Examples";
import { Outcomes } from "./Outcomes";
import { Overtaken } from "./Overtaken";
import { Editing } from "./parts";
import { DiscardDialog, LeaveDialog, PublishDialog } from "./dialogs";
import { Questions } from "./Questions";
import { nowOf, useVersion, type Seen } from "./seen";
import { useDraft } from "./useDraft";

export function VersionDetail({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const version = useVersion(id);
  const reference = useReference();
  if (version.data && reference.data) {
    return <Opened key={id} seen={version.data} reference={reference.data} onClose={onClose} />;
  }
  return (
    <Page title={t("protocols")} actions={<Back onClick={onClose} />}>
      {version.data ? <Loaded query={reference}>{() => null}</Loaded> : <Loaded query={version}>{() => null}</Loaded>}
    </Page>
  );
}

function Back({ onClick }: { onClick: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Button variant="default" onClick={onClick}>
      ← {t("protocolBack")}
    </Button>
  );
}

interface Props {
  seen: Seen;
  reference: Reference;
  onClose: () => void;
}

function Opened({ seen, reference, onClose }: Props): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const draft = useDraft(seen);
  const { base, changed, theirs, saving } = draft;
  const { version } = base;
  const [asking, ask] = useState<"publish" | "discard" | "leave" | null>(null);
  const [looked, look] = useState(false);
  const looking = looked && theirs !== null;
  const content = looking ? contentOf(theirs.version) : draft.content;
  const open = version.status === "draft";
  const faults = Object.fromEntries(Object.entries(faultsOf(content)).map(([place, key]) => [place, t(key)]));
  const errors = { ...(saving.error ? pointed(saving.error) : {}), ...faults };
  const { definition, examples } = content;
  const refused = saving.error instanceof Refusal && saving.error.status === 400;
  const overtaken = theirs !== null || nowOf(saving.error) !== null;
  const change = draft.write;

  return (
    <Page
      title={t("protocolNumber", { number: version.number })}
      hint={open ? t("protocolDraftHint") : t("protocolPublishedHint", { from: when(version.effectiveFrom) })}
      actions={<Back onClick={() => (open && changed ? ask("leave") : onClose())} />}
    >
      {open ? (
        <Group gap="xs">
          <Button
            disabled={!changed || overtaken || Object.keys(faults).length > 0}
            loading={saving.isPending}
            onClick={draft.save}
          >
            {t("protocolSave")}
          </Button>
          <Button variant="default" disabled={changed || overtaken} onClick={() => ask("publish")}>
            {t("protocolPublish")}
          </Button>
          <Button color="red" variant="outline" disabled={overtaken} onClick={() => ask("discard")}>
            {t("protocolDiscard")}
          </Button>
          <Text size="sm" role="status">
            {changed ? t("protocolUnsaved") : saving.isSuccess ? t("protocolSaved") : ""}
          </Text>
        </Group>
      ) : null}
      {theirs ? <Overtaken draft={draft} looking={looking} onLook={look} /> : null}
      {saving.error && !refused && !nowOf(saving.error) ? (
        <Failure error={saving.error} retry={theirs ? draft.saveOver : draft.save} />
      ) : null}
      {refused ? (
        <Alert color="red" variant="outline" role="alert">
          {errors["definition"] ?? t("protocolRefused")}
        </Alert>
      ) : null}
      <Editing value={open && !looking}>
        <Tabs defaultValue="questions" keepMounted={false}>
          <Tabs.List aria-label={t("protocols")} mb="md">
            <Tab
              value="questions"
              label={t("protocolQuestions")}
              count={definition.questions.length}
              bad={within(errors, "definition/questions")}
            />
            <Tab
              value="outcomes"
              label={t("protocolOutcomes")}
              count={definition.rules.length + 1}
              bad={within(errors, "definition/rules") || within(errors, "definition/otherwise")}
            />
            <Tab
              value="examples"
              label={t("protocolExamples")}
              count={examples.length}
              bad={within(errors, "examples")}
            />
          </Tabs.List>
          <Tabs.Panel value="questions">
            <Questions
              definition={definition}
              errors={errors}
              onChange={(changed) => change({ ...content, definition: changed })}
            />
          </Tabs.Panel>
          <Tabs.Panel value="outcomes">
            <Outcomes content={content} reference={reference} errors={errors} onChange={change} />
          </Tabs.Panel>
          <Tabs.Panel value="examples">
            <Examples
              id={version.protocolId}
              content={content}
              reference={reference}
              errors={errors}
              stale={changed && !looking}
              onChange={(changed) => change({ ...content, examples: changed })}
            />
          </Tabs.Panel>
        </Tabs>
      </Editing>
      <Unsaved when={open && changed} />
      {asking === "publish" ? <PublishDialog seen={base} onClose={() => ask(null)} onDone={onClose} /> : null}
      {asking === "discard" ? <DiscardDialog seen={base} onClose={() => ask(null)} onDone={onClose} /> : null}
      {asking === "leave" ? <LeaveDialog onClose={() => ask(null)} onDone={onClose} /> : null}
    </Page>
  );
}

function Tab({ value, label, count, bad }: { value: string; label: string; count: number; bad: boolean }): ReactNode {
  const { t } = useWords();
  return (
    <Tabs.Tab value={value} rightSection={bad ? <Badge color="red" size="sm">{t("protocolFaulty")}</Badge> : null}>
      {label} ({count})
    </Tabs.Tab>
  );
}
