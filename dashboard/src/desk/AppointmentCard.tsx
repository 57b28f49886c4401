/** One appointment: whose it is (looked up, and on record, only now), and what can be done with it. */

import { Button, Group, NativeSelect, Skeleton, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Appointment, Patient } from "../api/client";
import { Dialog } from "../Dialog";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import type { Key } from "../i18n/en";
import type { Reason } from "./changes";
import { Overbooking, takes, type OverbookingReason, type Wish } from "./Overbooking";
import { usePatient } from "./data";
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
}

export function AppointmentCard(props: Props): ReactNode {
  const { appointment, practice, names, when, mayBook, beside, onClose, onMove, onSwap, onBeside, onPatient, onCancel } = props;
  const { t } = useWords();
  const patient = usePatient(practice, appointment.patientId);
  const [cancelling, startCancelling] = useState(false);
  const [overbooking, startOverbooking] = useState(false);
  const [reason, setReason] = useState<Reason>("patient_request");
  const person = patient.data;
  const besideIt = takes(appointment) ? beside : null;
  const changeable = appointment.status === "booked" && mayBook;

  return (
    <Dialog onClose={onClose} title={names.type.get(appointment.type) ?? appointment.type}>
      <Stack
        gap="xs"
        onKeyDown={(event) => {
          if (event.target instanceof HTMLSelectElement) return;
          if (event.key === "p" && person) onPatient(person);
          if (event.key === "m" && changeable) onMove();
          if (event.key === "s" && changeable) onSwap();
          if (event.key === "o" && besideIt) startOverbooking(true);
          if (event.key === "x" && changeable) startCancelling(true);
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
        {changeable && !cancelling && !overbooking ? (
          <Group gap="xs">
            <Button onClick={onMove} rightSection={<kbd>m</kbd>} data-autofocus>
              {t("move")}
            </Button>
            <Button variant="default" onClick={onSwap} rightSection={<kbd>s</kbd>}>
              {t("swap")}
            </Button>
            <Button variant="default" onClick={() => startCancelling(true)} rightSection={<kbd>x</kbd>}>
              {t("cancelAppointment")}
            </Button>
          </Group>
        ) : null}
        {besideIt && !cancelling && !overbooking ? (
          <Button className="own-width" variant="default" onClick={() => startOverbooking(true)} rightSection={<kbd>o</kbd>}>
            {t("overbookBeside", { patient: besideIt.patient })}
          </Button>
        ) : null}
        {besideIt && overbooking ? (
          <Overbooking beside={besideIt} when={when(appointment.start)} onBeside={onBeside} onBack={() => startOverbooking(false)} />
        ) : null}
        {cancelling ? (
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
              <Button variant="default" onClick={() => startCancelling(false)}>
                {t("keepIt")}
              </Button>
            </Group>
          </>
        ) : null}
      </Stack>
    </Dialog>
  );
}
