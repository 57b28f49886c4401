/** How the patient is written to: consent, what they prefer and what they do not want. */

import { Alert, Button, Checkbox, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, type ReactNode } from "react";

import { Refusal, type Patient, type Schemas } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { Loaded } from "../../manage/Loaded";
import { useWords } from "../words";
import { changeCommunication, communicationKey, useCommunication, type Communication as Found, type Wishes } from "./data";

type Change = Schemas["PatchedCommunicationInputRequest"];
/** What is chosen, whatever else is true by the time that it is done. */
type Wish = (now: Found) => Change;
const KINDS = ["booked", "moved", "reinstated", "cancelled", "reminder", "waitlist_offer", "waitlist_taken"] as const;
const CHANNELS = ["sms", "email", "none"] as const;
const LANGUAGES = ["en", "es"] as const;

export function Communication({ patient, when }: { patient: Patient; when: (instant: string) => string }): ReactNode {
  const { practice } = useHere();
  const found = useCommunication(practice.id, patient.id);
  return <Loaded query={found}>{(wishes) => <Preferences wishes={wishes} when={when} />}</Loaded>;
}

function Preferences({ wishes, when }: { wishes: Wishes; when: (instant: string) => string }): ReactNode {
  const { practice, role } = useHere();
  const { t, has } = useWords();
  const queries = useQueryClient();
  const { told } = wishes;
  const key = communicationKey(practice.id, told.patientId);
  const changing = useMutation({
    mutationFn: (wish: Wish) => changeCommunication(wishes, wish(told)),
    onSuccess: (changed) => queries.setQueryData(key, changed),
    onError: (error) => (overtaken(error) ? queries.invalidateQueries({ queryKey: key }) : undefined),
  });
  const first = useRef<HTMLSelectElement>(null);
  const fixed = role === "practitioner";
  // What was chosen shows at once; refused, it is as it was.
  const shown = { ...told, ...(changing.isPending ? changing.variables(told) : {}) };
  function again(): void {
    // What asked goes away, and the focus must not go with it.
    first.current?.focus();
    if (changing.variables) changing.mutate(changing.variables);
  }
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
          ref={first}
          label={t("preferredLanguage")}
          value={shown.language}
          disabled={fixed}
          onChange={(event) => {
            const language = event.currentTarget.value as Found["language"];
            changing.mutate(() => ({ language }));
          }}
          data={LANGUAGES.map((value) => ({ value, label: t(`language_${value}`) }))}
        />
        <NativeSelect
          label={t("preferredChannel")}
          value={shown.channel}
          disabled={fixed}
          onChange={(event) => {
            const channel = event.currentTarget.value as Found["channel"];
            changing.mutate(() => ({ channel }));
          }}
          data={CHANNELS.map((value) => ({ value, label: t(`channel_${value}`) }))}
        />
      </Group>
      <Checkbox.Group
        label={t("declinedKinds")}
        value={shown.declined}
        onChange={(declined) => changing.mutate(toggled(told.declined, declined))}
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
        onChange={(event) => {
          const emailDeclined = event.currentTarget.checked;
          changing.mutate(() => ({ emailDeclined }));
        }}
      />
      <Text size="sm" role="status">
        {changing.isSuccess ? t("saved") : ""}
      </Text>
      {changing.error && !overtaken(changing.error) ? <Failure error={changing.error} /> : null}
      {overtaken(changing.error) ? <Overtaken onAgain={again} /> : null}
    </Stack>
  );
}

/** The parts above show already what is true now. */
function Overtaken({ onAgain }: { onAgain: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Alert color="orange" variant="outline" role="alert" title={t("changedMeanwhile")}>
      <Text size="sm">{t("wishesChanged")}</Text>
      <Button size="xs" mt="xs" variant="default" onClick={onAgain}>
        {t("saveMine")}
      </Button>
    </Alert>
  );
}

function overtaken(error: unknown): boolean {
  return error instanceof Refusal && error.status === 412;
}

/** What others have declined meanwhile stays so. */
function toggled(before: string[], after: string[]): Wish {
  const taken = before.filter((kind) => !after.includes(kind));
  return ({ declined }) => {
    const kept = declined.filter((kind) => !taken.includes(kind));
    return { declined: [...new Set([...kept, ...after.filter((kind) => !before.includes(kind))])] as NonNullable<Change["declined"]> };
  };
}
