/** One appointment: whose it is (looked up, and on record, only now), and what can be done with it. */

import { Alert, Button, Group, NativeSelect, Skeleton, Stack, Text } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import type { Appointment, Patient } from "../api/client";
import { Dialog } from "../Dialog";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import type { Key } from "../i18n/en";
import type { Reason } from "./changes";
import { Overbooking, takes, type OverbookingReason, type Wish } from "./Overbooking";
import { taking, usePatient } from "./data";
import type { Names } from "./names";

const REASONS: Reason[] = [
  "patient_request",
  "patient_unwell",
  "practitioner_unavailable",
  "practice_closed",
  "booked_in_error",
  "other",
];

interface Props {
  appointment: Appointment;
  practice: string;
  zone: string;
  names: Names;
  when: (instant: string) => string;
  mayBook: boolean;
  onClose: () => void;
  onMove: () => void;
  onSwap: () => void;
  /** What would be put beside it; null: nothing is chosen for it, or it is not theirs to do. */
  beside: Wish | null;
  onBeside: (reason: OverbookingReason) => void;
  onPatient: (patient: Patient) => void;
  onCancel: (reason: Reason) => void;
  /** It never should have been. */
  onMistaken: () => void;
  /** Why what was asked for was not done. */
  problem: ReactNode;
}

export function AppointmentCard(props: Props): ReactNode {
  const { appointment, practice, names, when, mayBook, beside, onClose, onMove, onSwap, onBeside, onPatient, onCancel, onMistaken, problem } = props;
  const { t } = useWords();
  const patient = usePatient(practice, appointment.patientId);
  const [asking, ask] = useState<"cancel" | "overbook" | "mistaken" | null>(null);
  const [reason, setReason] = useState<Reason>("patient_request");
  const person = patient.data;
  const shown = useRef<HTMLDivElement>(null);
  // Or nothing here would have the focus, and no key be heard.
  function focus(): void {
    (shown.current?.querySelector<HTMLElement>("[data-autofocus]") ?? shown.current?.querySelector("button"))?.focus();
  }
  function back(): void {
    flushSync(() => ask(null));
    focus();
  }
  useEffect(() => {
    // What had it may be gone with what somebody else has changed.
    if (document.activeElement === document.body) focus();
  }, [appointment]);
  const besideIt = takes(appointment) ? beside : null;
  const changeable = appointment.status === "booked" && mayBook;
  const mistakable = taking(appointment) && mayBook;

  return (
    <Dialog onClose={onClose} title={names.type.get(appointment.type) ?? appointment.type}>
      <Stack
        ref={shown}
        gap="xs"
        onKeyDown={(event) => {
          // Ctrl P prints, and is no patient's card.
          if (event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return;
          if (event.key === "p" && person) onPatient(person);
          if (event.key === "m" && changeable) onMove();
          if (event.key === "s" && changeable) onSwap();
          if (event.key === "o" && besideIt) ask("overbook");
          if (event.key === "x" && changeable) ask("cancel");
          if (event.key === "e" && mistakable) ask("mistaken");
        }}
      >
        {patient.isPending ? <Skeleton height={20} role="status" aria-label={t("loading")} /> : null}
        {patient.error ? <Failure error={patient.error} retry={() => void patient.refetch()} /> : null}
        {person ? (
          <Text fw={700}>
            {person.firstName} {person.lastName} · {t("born")} {person.dateOfBirth} · {person.phone || "—"}
          </Text>
        ) : null}
        <Text size="sm">
          {when(appointment.start)} · {names.practitioner.get(appointment.practitionerId)} ·{" "}
          {names.location.get(appointment.locationId)}
        </Text>
        <Text size="sm">{t(`status_${appointment.status}` as Key)}</Text>
        {person ? (
          <Button className="own-width" size="xs" variant="default" onClick={() => onPatient(person)} rightSection={<kbd>p</kbd>}>
            {t("patientCard")}
          </Button>
        ) : null}
        {changeable && !asking ? (
          <Group gap="xs">
            <Button onClick={onMove} rightSection={<kbd>m</kbd>} data-autofocus>
              {t("move")}
            </Button>
            <Button variant="default" onClick={onSwap} rightSection={<kbd>s</kbd>}>
              {t("swap")}
            </Button>
            <Button variant="default" onClick={() => ask("cancel")} rightSection={<kbd>x</kbd>}>
              {t("cancelAppointment")}
            </Button>
          </Group>
        ) : null}
        {besideIt && !asking ? (
          <Button className="own-width" variant="default" onClick={() => ask("overbook")} rightSection={<kbd>o</kbd>}>
            {t("overbookBeside", { patient: besideIt.patient })}
          </Button>
        ) : null}
        {mistakable && !asking ? (
          <Button className="own-width" size="xs" variant="subtle" onClick={() => ask("mistaken")} rightSection={<kbd>e</kbd>}>
            {t("mistaken")}
          </Button>
        ) : null}
        {problem}
        {mistakable && asking === "mistaken" ? <Mistaken onSure={onMistaken} onBack={back} /> : null}
        {besideIt && asking === "overbook" ? (
          <Overbooking beside={besideIt} when={when(appointment.start)} onBeside={onBeside} onBack={back} />
        ) : null}
        {changeable && asking === "cancel" ? (
          <>
            <NativeSelect
              label={t("cancelReason")}
              value={reason}
              autoFocus
              onChange={(event) => setReason(event.currentTarget.value as Reason)}
              data={REASONS.map((value) => ({ value, label: t(`reason_${value}` as Key) }))}
            />
            <Group gap="xs">
              <Button color="red" onClick={() => onCancel(reason)}>
                {t("cancelAppointment")}
              </Button>
              <Button variant="default" onClick={back}>
                {t("keepIt")}
              </Button>
            </Group>
          </>
        ) : null}
      </Stack>
    </Dialog>
  );
}

/** Asked once more: it is easily taken for a cancellation, of which the patient is told. */
function Mistaken({ onSure, onBack }: { onSure: () => void; onBack: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Alert color="orange" variant="outline" title={t("mistaken")}>
      <Text size="sm">{t("mistakenSure")}</Text>
      <Group gap="xs" mt="xs">
        <Button color="red" autoFocus onClick={onSure}>
          {t("enterInError")}
        </Button>
        <Button variant="default" onClick={onBack}>
          {t("keepIt")}
        </Button>
      </Group>
    </Alert>
  );
}
