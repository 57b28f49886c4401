/** Somebody who was never here. Who is much like somebody on record is shown first: second records cost everybody. */

import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useRef, useState, type FormEvent, type ReactNode } from "react";

import { api, Refusal, told, type Patient } from "../api/client";
import { Dialog } from "../Dialog";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { newKey } from "./changes";

interface Props {
  /** What is known of them already. */
  phone: string;
  onClose: () => void;
  onDone: (patient: Patient) => void;
}

export function NewPatient({ phone, onClose, onDone }: Props): ReactNode {
  const { t } = useWords();
  const [error, fail] = useState<unknown>(null);
  const [alike, resemble] = useState<Patient[]>([]);
  const [waiting, wait] = useState(false);
  const key = useRef(newKey());
  const form = useRef<HTMLFormElement>(null);

  async function add(evenIfAlike: boolean): Promise<void> {
    if (!form.current?.reportValidity()) return;
    const given = new FormData(form.current);
    const text = (name: string): string => String(given.get(name) ?? "").trim();
    wait(true);
    fail(null);
    try {
      const body = {
        firstName: text("firstName"),
        lastName: text("lastName"),
        dateOfBirth: text("dateOfBirth"),
        phone: text("phone"),
        insuranceProvider: text("insurance"),
        smsConsent: given.get("smsConsent") === "on",
        ...(evenIfAlike ? { evenIfAlike } : {}),
      };
      const header = { "X-Idempotency-Key": key.current };
      onDone(await told(() => api.POST("/api/v2/patients", { params: { header }, body })));
    } catch (refused) {
      // Another body is another request.
      key.current = newKey();
      const candidates = refused instanceof Refusal ? (refused.members["candidates"] as { patientId: string }[]) : null;
      if (candidates) resemble(await Promise.all(candidates.slice(0, 5).map((each) => known(each.patientId))));
      else fail(refused);
    } finally {
      wait(false);
    }
  }

  return (
    <Dialog asks onClose={onClose} title={t("newPatient")}>
      <form
        ref={form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void add(false);
        }}
      >
        <Stack gap="xs">
          <Group grow>
            <TextInput name="firstName" label={t("firstName")} required data-autofocus autoComplete="off" maxLength={80} />
            <TextInput name="lastName" label={t("lastName")} required autoComplete="off" maxLength={80} />
          </Group>
          <Group grow>
            <TextInput name="dateOfBirth" label={t("birthDate")} type="date" required />
            <TextInput name="phone" label={t("phone")} type="tel" defaultValue={phone} autoComplete="off" maxLength={30} />
          </Group>
          <TextInput name="insurance" label={t("insurance")} autoComplete="off" maxLength={120} />
          <Checkbox name="smsConsent" label={t("smsConsent")} />
          {alike.length > 0 ? (
            <Alert color="yellow" variant="outline" role="alert" title={t("alike")}>
              {alike.map((patient) => (
                <Group key={patient.id} justify="space-between" mb={4}>
                  <Text size="sm">
                    {patient.firstName} {patient.lastName} · {t("born")} {patient.dateOfBirth} · {patient.phone || "—"}
                  </Text>
                  <Button size="xs" variant="default" onClick={() => onDone(patient)}>
                    {t("useThis")}
                  </Button>
                </Group>
              ))}
              <Button size="xs" color="gray" variant="subtle" onClick={() => void add(true)}>
                {t("addAnyway")}
              </Button>
            </Alert>
          ) : null}
          {error ? <Failure error={error} /> : null}
          <Button type="submit" loading={waiting}>
            {t("addPatient")}
          </Button>
        </Stack>
      </form>
    </Dialog>
  );
}

function known(id: string): Promise<Patient> {
  return told(() => api.GET("/api/v2/patients/{patient_id}", { params: { path: { patient_id: id } } }));
}
