/** What patients wrote and nobody has seen to: taken by one, said to be handled, opened again. */

import { Button, Group, Paper, Stack, Switch, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Patient, Schemas } from "../../api/client";
import { Failure } from "../../Failure";
import { Loaded } from "../../manage/Loaded";
import { useWords } from "../words";
import { changeInbound, useInbox, useRefreshInbox, type Inbound } from "./data";
import { AtOnce, Thread } from "./Thread";
import { patientOf } from "./ToCall";

type Change = Schemas["PatchedInboxChangeRequest"];

interface Props {
  practice: string;
  when: (instant: string) => string;
  onPatient: (patient: Patient) => void;
}

export function Inbox({ practice, when, onPatient }: Props): ReactNode {
  const { t } = useWords();
  const [handled, show] = useState(false);
  const inbox = useInbox(practice, handled ? "handled" : "open");
  const refresh = useRefreshInbox(practice);
  const changing = useMutation({
    mutationFn: ({ id, change }: { id: string; change: Change }) => changeInbound(id, change),
    onSettled: refresh,
  });
  const calling = useMutation({ mutationFn: patientOf, onSuccess: onPatient });
  const error = changing.error ?? calling.error;
  return (
    <Stack gap="xs">
      <Switch label={t("showHandled")} checked={handled} onChange={(event) => show(event.currentTarget.checked)} />
      {error ? <Failure error={error} /> : null}
      <Loaded query={inbox} empty={t("inboxEmpty")}>
        {(found) =>
          found.map((each) => (
            <Written
              key={each.inboundMessageId}
              practice={practice}
              message={each}
              when={when}
              onChange={(change) => changing.mutate({ id: each.inboundMessageId, change })}
              onPatient={(id) => calling.mutate(id)}
            />
          ))
        }
      </Loaded>
    </Stack>
  );
}

interface WrittenProps {
  practice: string;
  message: Inbound;
  when: (instant: string) => string;
  onChange: (change: Change) => void;
  onPatient: (id: string) => void;
}

function Written({ practice, message, when, onChange, onPatient }: WrittenProps): ReactNode {
  const { t } = useWords();
  const [talking, talk] = useState(false);
  const open = message.status === "open";
  return (
    <Paper withBorder p="xs" data-inbound={message.status}>
      <Text size="xs" className="muted">
        {when(message.receivedAt)} · {message.phone}
        {message.assignedTo ? ` · ${t("takenBy", { name: message.assignedTo })}` : ""}
        {message.handledBy ? ` · ${t("handledBy", { name: message.handledBy })}` : ""}
      </Text>
      {talking ? null : <What message={message} />}
      <Group gap={4} mt={4}>
        {message.patients.map((each) => (
          <Button key={each.patientId} size="compact-xs" onClick={() => onPatient(each.patientId)}>
            {each.name ?? t("showPatient")}
          </Button>
        ))}
        {open ? (
          <Button size="compact-xs" variant="default" onClick={() => onChange({ assignedToMe: !message.assignedToMe })}>
            {t(message.assignedToMe ? "giveBack" : "take")}
          </Button>
        ) : null}
        <Button size="compact-xs" variant="default" aria-expanded={talking} onClick={() => talk(!talking)}>
          {t("conversation")}
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => onChange({ status: open ? "handled" : "open" })}>
          {t(open ? "markHandled" : "openAgain")}
        </Button>
      </Group>
      {talking ? <Thread practice={practice} message={message} when={when} /> : null}
    </Paper>
  );
}

/** Where the conversation is open, it stands there. */
function What({ message }: { message: Inbound }): ReactNode {
  const { t } = useWords();
  return (
    <>
      <Text size="sm">{message.body || t("picturesAlone", { count: message.mediaCount })}</Text>
      {message.answer ? <AtOnce answer={message.answer} /> : null}
    </>
  );
}
