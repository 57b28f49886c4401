/** The call that is open: what to say first, whose number it is, and how it ends. */

import { Button, Group, Paper, Select, Stack, Text } from "@mantine/core";
import { useRef, useState, type FormEvent, type ReactNode } from "react";

import { api, told, type Call, type OpenedCall, type Patient } from "../api/client";
import { Dialog } from "../Dialog";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { newKey } from "./changes";

type Candidate = OpenedCall["candidates"][number];
export type Outcome = NonNullable<Call["outcome"]>;
type Reason = NonNullable<Call["reason"]>;

const OUTCOMES: Outcome[] = [
  "booked",
  "moved",
  "cancelled",
  "information",
  "message_taken",
  "not_booked",
  "wrong_number",
  "abandoned",
];
const REASONS: Reason[] = [
  "no_suitable_time",
  "insurance_not_accepted",
  "price",
  "wants_to_think",
  "service_not_offered",
  "referred_elsewhere",
  "other",
];

interface Props {
  greeting: string;
  script: string;
  insurance: string[];
  candidates: Candidate[];
  onChoose: (patient: Patient) => void;
}

export function Caller({ greeting, script, insurance, candidates, onChoose }: Props): ReactNode {
  const { t } = useWords();
  const [error, fail] = useState<unknown>(null);

  async function choose(candidate: Candidate): Promise<void> {
    fail(null);
    try {
      const path = { patient_id: candidate.patientId };
      onChoose(await told(() => api.GET("/api/v2/patients/{patient_id}", { params: { path } })));
    } catch (refused) {
      fail(refused);
    }
  }

  if (!greeting && !script && candidates.length === 0) return null;
  return (
    <Paper withBorder px="sm" py="xs" component="section" aria-label={t("call")}>
      {greeting ? <Text size="sm" fs="italic">“{greeting}”</Text> : null}
      {candidates.length > 0 ? (
        <Stack gap={4} mt="xs">
          <Text size="sm" fw={600}>
            {t("callingNumber")}
          </Text>
          {candidates.map((each, place) => (
            <Button
              key={each.patientId}
              className="candidate"
              variant="default"
              size="xs"
              justify="start"
              autoFocus={place === 0}
              onClick={() => void choose(each)}
            >
              {each.firstName} {each.lastName} · {t("born")} {each.dateOfBirth}
              {each.caller ? ` · ${t("throughCaller", { name: each.caller.name })}` : ""}
            </Button>
          ))}
        </Stack>
      ) : null}
      {script || insurance.length > 0 ? (
        <details>
          <summary className="small">{t("script")}</summary>
          <Text size="sm" className="script">
            {script}
          </Text>
          {insurance.length > 0 ? (
            <Text size="sm">
              {t("insurersSeen")}: {insurance.join(", ")}
            </Text>
          ) : null}
        </details>
      ) : null}
      {error ? <Failure error={error} /> : null}
    </Paper>
  );
}

interface EndProps {
  call: Call;
  /** What was done last, which is most often how it ends. */
  suggested: Outcome;
  onClose: () => void;
  onEnded: () => void;
}

export function EndCall({ call, suggested, onClose, onEnded }: EndProps): ReactNode {
  const { t } = useWords();
  const [outcome, choose] = useState<Outcome>(suggested);
  const [reason, give] = useState<Reason>("no_suitable_time");
  const [waiting, wait] = useState(false);
  const [error, fail] = useState<unknown>(null);
  const key = useRef(newKey());

  async function end(event: FormEvent): Promise<void> {
    event.preventDefault();
    wait(true);
    fail(null);
    try {
      const params = { path: { call_id: call.callId }, header: { "X-Idempotency-Key": key.current } };
      const body = { outcome, ...(outcome === "not_booked" ? { reason } : {}) };
      await told(() => api.POST("/api/v2/calls/{call_id}/end", { params, body }));
      onEnded();
    } catch (refused) {
      key.current = newKey();
      fail(refused);
    } finally {
      wait(false);
    }
  }

  return (
    <Dialog onClose={onClose} title={t("endCall")}>
      <form onSubmit={(event) => void end(event)}>
        <Stack gap="xs">
          <Select
            label={t("outcome")}
            value={outcome}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
            onChange={(value) => value && choose(value as Outcome)}
            data={OUTCOMES.map((value) => ({ value, label: t(`outcome_${value}`) }))}
          />
          {outcome === "not_booked" ? (
            <Select
              label={t("notBookedBecause")}
              value={reason}
              allowDeselect={false}
              comboboxProps={{ withinPortal: false }}
              onChange={(value) => value && give(value as Reason)}
              data={REASONS.map((value) => ({ value, label: t(`unbooked_${value}`) }))}
            />
          ) : null}
          {error ? <Failure error={error} /> : null}
          <Group justify="end">
            <Button type="submit" loading={waiting} data-autofocus>
              {t("endCall")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
