/** The conversation with one number, and the answer to it: Enter sends, Shift and Enter is a new line. */

import { Button, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { api, told, type Schemas } from "../../api/client";
import { Failure } from "../../Failure";
import { Loaded } from "../../manage/Loaded";
import { newKey } from "../changes";
import { useWords } from "../words";
import type { Inbound } from "./data";

type Said = Schemas["SaidOutput"];

const LONGEST = 480;
const ASKED_EVERY = 5_000;
const UNDER_WAY = ["pending", "sending", "unknown"];
const NOT_SENT = ["suppressed", "refused", "undelivered", "failed"];

interface Props {
  practice: string;
  message: Inbound;
  when: (instant: string) => string;
}

export function Thread({ practice, message, when }: Props): ReactNode {
  const key = ["thread", practice, message.inboundMessageId];
  const { t } = useWords();
  const path = { inbound_message_id: message.inboundMessageId };
  const thread = useQuery({
    queryKey: key,
    queryFn: async () => (await told(() => api.GET("/api/v2/inbox/{inbound_message_id}/thread", { params: { path } }))).messages,
    refetchInterval: ASKED_EVERY,
    staleTime: 0,
  });
  return (
    <Stack gap={6} mt="xs" maw={760}>
      <Loaded query={thread} empty={t("inboxEmpty")}>
        {(said) => said.map((each) => <Line key={each.id} said={each} when={when} />)}
      </Loaded>
      <Answer message={message} refresh={key} />
    </Stack>
  );
}

function Line({ said, when }: { said: Said; when: (instant: string) => string }): ReactNode {
  const { t } = useWords();
  const out = said.direction === "out";
  const state = NOT_SENT.includes(said.status) ? "reply_failed" : UNDER_WAY.includes(said.status) ? "reply_pending" : said.status === "delivered" ? "reply_delivered" : "reply_sent";
  return (
    <div data-said={said.direction} data-state={out ? state : undefined}>
      <Text size="xs" className="muted">
        {when(said.at)} · {out ? (said.by ?? t("byItself")) : t("thePatient")}
        {out ? ` · ${t(state)}` : ""}
      </Text>
      <Text size="sm" className="said">
        {said.body || t("withoutWords")}
      </Text>
      {said.answer ? <AtOnce answer={said.answer} /> : null}
    </div>
  );
}

/** What the product said to it by itself. */
export function AtOnce({ answer }: { answer: string }): ReactNode {
  const { t } = useWords();
  return (
    <Text size="xs" className="muted">
      {t("answered")}: {answer}
    </Text>
  );
}

function Answer({ message, refresh }: { message: Inbound; refresh: string[] }): ReactNode {
  const { t } = useWords();
  const queries = useQueryClient();
  const [text, write] = useState("");
  const [whom, choose] = useState<string | null>(null);
  // Kept until an answer comes: who presses Enter again after a lost one sends it once.
  const key = useRef(newKey());
  const several = message.patients.length > 1;
  const sending = useMutation({
    mutationFn: () => {
      const params = { path: { inbound_message_id: message.inboundMessageId }, header: { "X-Idempotency-Key": key.current } };
      const body = { text, ...(several && whom ? { patientId: whom } : {}) };
      return told(() => api.POST("/api/v2/inbox/{inbound_message_id}/replies", { params, body }));
    },
    onSuccess: () => {
      key.current = newKey();
      write("");
      return queries.invalidateQueries({ queryKey: refresh });
    },
  });
  const ready = text.trim() !== "" && !sending.isPending && message.patients.length > 0 && (!several || whom !== null);
  const send = (): void => {
    if (ready) sending.mutate();
  };
  const typed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const change = (value: string): void => {
    // Another text is another answer.
    key.current = newKey();
    write(value);
  };
  return (
    <Stack gap={4}>
      {several ? (
        <Select
          label={t("answerTo")}
          data={message.patients.map((each) => ({ value: each.patientId, label: each.name ?? t("showPatient") }))}
          value={whom}
          onChange={choose}
        />
      ) : null}
      <Textarea
        label={t("yourAnswer")}
        description={t("answerHint", { left: LONGEST - text.length })}
        maxLength={LONGEST}
        autosize
        minRows={2}
        // Whoever asked for it writes; elsewhere the same letters are the desk's keys.
        autoFocus
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
        onKeyDown={typed}
      />
      {sending.error ? <Failure error={sending.error} /> : null}
      <Group>
        <Button size="compact-sm" disabled={!ready} loading={sending.isPending} onClick={send}>
          {t("sendAnswer")}
        </Button>
      </Group>
    </Stack>
  );
}
