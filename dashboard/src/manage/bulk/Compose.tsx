/** A new bulk text: to whom, which words, how they read, and a last look before they go. */

import { Alert, Button, Group, Paper, SimpleGrid, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";

import { api, Refusal, told } from "../../api/client";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { lengthOf } from "../../lib/segments";
import { Page } from "../Page";
import { Unsaved } from "../Unsaved";
import { useWords } from "../words";
import { textFor, unknown, type Audience } from "./audience";
import { AudienceChoice } from "./AudienceChoice";
import { useRefresh } from "./jobs";
import { isQuiet } from "./quiet";

const PREVIEWED = 3;
const LONGEST = 1600;

export function Compose({ onClose, onSent }: { onClose: () => void; onSent: (jobId: string) => void }): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const [audience, address] = useState<Audience>({ people: [], columns: [], refused: 0, twice: 0 });
  const greeting = `${practice.name}: `;
  const [message, write] = useState(greeting);
  const [reviewing, review] = useState(false);
  const shared = useMemo(() => ({ practice: practice.name }), [practice.name]);
  const columns = ["practice", ...audience.columns];
  const strange = unknown(message, columns);
  const signed = message.includes(practice.name) || message.includes("{practice}");
  const texts = useMemo(
    () => audience.people.map((person) => ({ to: person.to, body: textFor(message, person, shared) })),
    [audience, message, shared],
  );
  const longest = texts.reduce((most, text) => (text.body.length > most.length ? text.body : most), textFor(message, { to: "", values: {} }, shared));
  const length = lengthOf(longest);
  const ready = texts.length > 0 && signed && strange.length === 0 && longest.trim() !== "" && longest.length <= LONGEST;

  return (
    <Page
      title={t("newText")}
      actions={
        <Button variant="default" onClick={onClose}>
          ← {t("backToTexts")}
        </Button>
      }
    >
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
        <Stack gap="md">
          <AudienceChoice onChange={address} />
          <Textarea
            label={t("message")}
            description={t("messageHint", { columns: columns.map((name) => `{${name}}`).join(" ") })}
            value={message}
            onChange={(event) => write(event.currentTarget.value)}
            autosize
            minRows={4}
            maxLength={LONGEST}
            error={
              strange.length > 0
                ? t("unknownColumns", { columns: strange.map((name) => `{${name}}`).join(" ") })
                : signed
                  ? undefined
                  : t("notSigned")
            }
          />
          <Text size="sm">{t(length.segments === 1 ? "segmentsOne" : "segments", { ...length })}</Text>
        </Stack>
        <Stack gap="md" component="section" aria-label={t("preview")}>
          <Title order={3} size="h4">
            {t("preview")}
          </Title>
          {texts.slice(0, PREVIEWED).map((text) => (
            <Paper key={text.to} withBorder p="sm" className="bubble">
              <Text size="xs" className="muted">
                {t("previewOf", { to: text.to })}
              </Text>
              <Text className="script">{text.body}</Text>
            </Paper>
          ))}
          <Text fw={600}>{t("recipients", { count: texts.length })}</Text>
          <Quiet />
          <Group>
            <Button disabled={!ready} onClick={() => review(true)}>
              {t("review")}
            </Button>
          </Group>
        </Stack>
      </SimpleGrid>
      <Unsaved when={message !== greeting || audience.people.length > 0} />
      {reviewing ? <Confirm texts={texts} onClose={() => review(false)} onSent={onSent} /> : null}
    </Page>
  );
}

function Quiet(): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  return <Text size="sm">{t(isQuiet(new Date(), practice.timeZone) ? "quietNow" : "quietLater")}</Text>;
}

interface Confirming {
  texts: { to: string; body: string }[];
  onClose: () => void;
  onSent: (jobId: string) => void;
}

function Confirm({ texts, onClose, onSent }: Confirming): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  // One for this list of texts: whatever happens to the answer, they are accepted once.
  const [key] = useState(() => crypto.randomUUID());
  const total = useMemo(() => texts.reduce((sum, text) => sum + lengthOf(text.body).segments, 0), [texts]);
  const sending = useMutation({
    mutationFn: () =>
      told(() =>
        api.POST("/api/v2/bulk-messages", { params: { header: { "X-Idempotency-Key": key } }, body: { messages: texts } }),
      ),
    onSuccess: async (job) => {
      await refresh();
      onSent(job.jobId);
    },
  });
  const unsure = sending.error instanceof Refusal && sending.error.offline;
  return (
    <Dialog onClose={onClose} title={t("confirmTitle", { count: texts.length })}>
      <Stack gap="sm">
        <Paper withBorder p="sm" className="bubble">
          <Text className="script">{texts[0]?.body}</Text>
        </Paper>
        <Text>{t("confirmText", { count: texts.length, total })}</Text>
        <Quiet />
        {unsure ? <Alert color="yellow">{t("sentUnsure")}</Alert> : null}
        {sending.error && !unsure ? <Failure error={sending.error} /> : null}
        <Group gap="xs">
          <Button loading={sending.isPending} onClick={() => sending.mutate()}>
            {unsure ? t("sendAgain") : t("send", { count: texts.length })}
          </Button>
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("close")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
