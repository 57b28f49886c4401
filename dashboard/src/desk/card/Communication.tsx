/** How the patient is written to: consent, what they prefer and what they do not want. */

import { Alert, Checkbox, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Patient, Schemas } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { Loaded } from "../../manage/Loaded";
import { useWords } from "../words";
import { changeCommunication, communicationKey, useCommunication, type Communication as Found } from "./data";

type Change = Schemas["PatchedCommunicationInputRequest"];
const KINDS = ["booked", "moved", "reinstated", "cancelled", "reminder", "waitlist_offer", "waitlist_taken"] as const;
const CHANNELS = ["sms", "email", "none"] as const;
const LANGUAGES = ["en", "es"] as const;

export function Communication({ patient, when }: { patient: Patient; when: (instant: string) => string }): ReactNode {
  const { practice } = useHere();
  const found = useCommunication(practice.id, patient.id);
  return <Loaded query={found}>{(told) => <Preferences told={told} when={when} />}</Loaded>;
}

function Preferences({ told, when }: { told: Found; when: (instant: string) => string }): ReactNode {
  const { practice, role } = useHere();
  const { t, has } = useWords();
  const queries = useQueryClient();
  const changing = useMutation({
    mutationFn: (change: Change) => changeCommunication(told.patientId, change),
    onSuccess: (changed) => queries.setQueryData(communicationKey(practice.id, told.patientId), changed),
  });
  const fixed = role === "practitioner";
  // What was chosen shows at once; refused, it is as it was.
  const shown = { ...told, ...(changing.isPending ? changing.variables : {}) };
  const against = `against_${told.reason}`;
  const reached = {
    sms: t("reachedBySms"),
    email: t("reachedByEmail"),
    none: t("notReached", { reason: has(against) ? t(against) : told.reason.replaceAll("_", " ") }),
  }[told.reachedBy ?? "none"];
  return (
    <Stack gap="sm">
      <Alert color={told.reachedBy ? "teal" : "yellow"} variant="outline">
        <Text size="sm">{reached}</Text>
        <Text size="sm">
          {told.smsUnreachableSince
            ? t("textsFail", { date: when(told.smsUnreachableSince) })
            : t(told.smsConsent ? "textsArrive" : "textsDeclined")}
        </Text>
      </Alert>
      <Group grow>
        <NativeSelect
          label={t("preferredLanguage")}
          value={shown.language}
          disabled={fixed}
          onChange={(event) => changing.mutate({ language: event.currentTarget.value as Found["language"] })}
          data={LANGUAGES.map((value) => ({ value, label: t(`language_${value}`) }))}
        />
        <NativeSelect
          label={t("preferredChannel")}
          value={shown.channel}
          disabled={fixed}
          onChange={(event) => changing.mutate({ channel: event.currentTarget.value as Found["channel"] })}
          data={CHANNELS.map((value) => ({ value, label: t(`channel_${value}`) }))}
        />
      </Group>
      <Checkbox.Group
        label={t("declinedKinds")}
        value={shown.declined}
        onChange={(declined) => changing.mutate({ declined: declined as NonNullable<Change["declined"]> })}
      >
        <Group gap="sm" mt={4}>
          {KINDS.map((kind) => (
            <Checkbox key={kind} value={kind} label={t(`kind_${kind}`)} disabled={fixed} />
          ))}
        </Group>
      </Checkbox.Group>
      <Checkbox
        label={t("noEmails")}
        checked={shown.emailDeclined}
        disabled={fixed}
        onChange={(event) => changing.mutate({ emailDeclined: event.currentTarget.checked })}
      />
      <Text size="sm" role="status">
        {changing.isSuccess ? t("saved") : ""}
      </Text>
      {changing.error ? <Failure error={changing.error} /> : null}
    </Stack>
  );
}
