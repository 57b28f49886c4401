/** One message to patients: its words, what may stand in braces, and how it reads. */

import { Button, Group, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { Page } from "../Page";
import { pointed } from "../pointed";
import { Unsaved } from "../Unsaved";
import { useWords } from "../words";
import { put, reset, usePreview, useRefreshTemplates, type Template } from "./data";
import { channelName, kindName } from "./names";
import { Reading } from "./Reading";
import { faultsOf, withInserted, type Fault, type Wording } from "./wording";

const LONGEST = 1500;
const LONGEST_SUBJECT = 120;
const PAUSE = 500;

export function Editor({ template, onClose }: { template: Template; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const stored = { subject: template.subject, body: template.body };
  const [wording, write] = useState<Wording>(stored);
  const [leaving, leave] = useState(false);
  const [resetting, askToReset] = useState(false);
  const faults = faultsOf(wording, template.channel, template.variables);
  const sound = Object.keys(faults).length === 0;
  const [settled] = useDebouncedValue(wording, PAUSE);
  const readable = Object.keys(faultsOf(settled, template.channel, template.variables)).length === 0;
  const preview = usePreview(template.name, settled, readable);
  const refresh = useRefreshTemplates();
  const saving = useMutation({
    mutationFn: () => put(template.name, wording),
    onSuccess: async (saved) => {
      // As it is kept: without blanks around it.
      write({ subject: saved.subject, body: saved.body });
      await refresh();
    },
  });
  const undoing = useMutation({
    mutationFn: () => reset(template.name),
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const changed = wording.body !== stored.body || wording.subject !== stored.subject;
  const refused = { ...pointed(preview.error), ...pointed(saving.error) };
  const error = (fault: Fault | undefined, name: string): string | undefined =>
    fault ? t(fault.key, fault.values) : refused[name];
  const kept = saving.isSuccess && !changed;

  return (
    <Page
      title={`${kindName(template.kind, t)}, ${channelName(template.channel, t)}`}
      hint={t(template.language === "es" ? "templateSpanish" : "templateEnglish")}
      actions={
        <Button variant="default" onClick={() => (changed ? leave(true) : onClose())}>
          ← {t("backToTemplates")}
        </Button>
      }
    >
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
        <Stack gap="md" lang={template.language}>
          {template.channel === "email" ? (
            <TextInput
              label={t("templateSubject")}
              description={t("templateSubjectHint")}
              value={wording.subject}
              maxLength={LONGEST_SUBJECT}
              error={error(faults.subject, "subject")}
              onChange={(event) => write({ ...wording, subject: event.currentTarget.value })}
            />
          ) : null}
          <Body template={template} wording={wording} onChange={write} error={error(faults.body, "body")} />
          {saving.error && Object.keys(refused).length === 0 ? <Failure error={saving.error} /> : null}
          {undoing.error ? <Failure error={undoing.error} /> : null}
          <Group gap="xs">
            <Button disabled={!sound || !changed} loading={saving.isPending} onClick={() => saving.mutate()}>
              {t("templateSave")}
            </Button>
            {template.isDefault ? null : (
              <Button variant="default" loading={undoing.isPending} onClick={() => askToReset(true)}>
                {t("templateReset")}
              </Button>
            )}
            <Text size="sm" role="status">
              {kept ? t("templateSaved") : ""}
            </Text>
          </Group>
        </Stack>
        <Reading preview={preview} channel={template.channel} language={template.language} stale={!sound} />
      </SimpleGrid>
      <Unsaved when={changed} />
      {leaving ? (
        <Sure
          title={t("templateLeaveTitle")}
          text={t("templateLeaveText")}
          act={t("templateLeave")}
          onAct={onClose}
          onClose={() => leave(false)}
        />
      ) : null}
      {resetting ? (
        <Sure
          title={t("templateResetTitle")}
          text={t("templateResetText")}
          act={t("templateReset")}
          onAct={() => {
            askToReset(false);
            undoing.mutate();
          }}
          onClose={() => askToReset(false)}
        />
      ) : null}
    </Page>
  );
}

interface Writing {
  template: Template;
  wording: Wording;
  onChange: (wording: Wording) => void;
  error: string | undefined;
}

function Body({ template, wording, onChange, error }: Writing): ReactNode {
  const { t } = useWords();
  const field = useRef<HTMLTextAreaElement>(null);
  function insert(variable: string): void {
    const area = field.current;
    if (!area) return;
    const { text, caret } = withInserted(wording.body, `{${variable}}`, area.selectionStart, area.selectionEnd);
    // At once: what is typed next goes on behind it.
    flushSync(() => onChange({ ...wording, body: text }));
    area.focus();
    area.setSelectionRange(caret, caret);
  }
  return (
    <>
      <Textarea
        ref={field}
        label={t("templateBody")}
        value={wording.body}
        autosize
        minRows={5}
        maxLength={LONGEST}
        error={error}
        onChange={(event) => onChange({ ...wording, body: event.currentTarget.value })}
      />
      <Group gap="xs" role="group" aria-label={t("templateInsert")}>
        <Text size="sm">{t("templateInsert")}</Text>
        {template.variables.map((variable) => (
          <Button key={variable} size="compact-xs" variant="default" onClick={() => insert(variable)}>
            {`{${variable}}`}
          </Button>
        ))}
      </Group>
    </>
  );
}

interface Asking {
  title: string;
  text: string;
  act: string;
  onAct: () => void;
  onClose: () => void;
}

function Sure({ title, text, act, onAct, onClose }: Asking): ReactNode {
  const { t } = useWords();
  return (
    <Dialog onClose={onClose} title={title}>
      <Text mb="md">{text}</Text>
      <Group gap="xs">
        <Button color="red" variant="outline" onClick={onAct}>
          {act}
        </Button>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("cancel")}
        </Button>
      </Group>
    </Dialog>
  );
}
