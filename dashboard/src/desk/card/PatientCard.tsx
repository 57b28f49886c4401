/** All that is known of a patient, a part at a time. */

import { Tabs, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Appointment, Patient } from "../../api/client";
import { Dialog } from "../../Dialog";
import { useHere } from "../../here";
import type { Names } from "../names";
import { useWords } from "../words";
import { Callers } from "./Callers";
import { Communication } from "./Communication";
import { Copies } from "./Copies";
import { Messages } from "./Messages";
import { Trail } from "./Trail";
import { Visits } from "./Visits";
import { WaitingFor } from "./WaitingFor";

interface Props {
  patient: Patient;
  names: Names;
  when: (instant: string) => string;
  onVisit: (appointment: Appointment) => void;
  onClose: () => void;
}

export function PatientCard({ patient, names, when, onVisit, onClose }: Props): ReactNode {
  const { role } = useHere();
  const { t } = useWords();
  const parts = [
    { name: "visits", shown: <Visits patient={patient} names={names} when={when} onVisit={onVisit} /> },
    { name: "waitlist", shown: <WaitingFor patient={patient} names={names} when={when} /> },
    { name: "callers", shown: <Callers patient={patient} /> },
    { name: "communication", shown: <Communication patient={patient} when={when} /> },
    // The API decides; this only spares people what it would refuse.
    ...(role === "practitioner" ? [] : [{ name: "messages", shown: <Messages patient={patient} when={when} /> } as const]),
    { name: "copies", shown: <Copies patient={patient} /> },
    ...(role === "practice_manager" ? [{ name: "trail", shown: <Trail patient={patient} when={when} /> } as const] : []),
  ] as const;
  return (
    <Dialog wide onClose={onClose} title={`${patient.firstName} ${patient.lastName}`}>
      <Text size="sm" mb="sm">
        {t("born")} {patient.dateOfBirth} · {patient.phone || "—"} · {t("insurance")}: {patient.insuranceProvider || t("none")}
      </Text>
      <Tabs defaultValue="visits" keepMounted={false}>
        <Tabs.List mb="sm">
          {parts.map(({ name }, place) => (
            <Tabs.Tab key={name} value={name} px={10} data-autofocus={place === 0 || undefined}>
              {t(name)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {parts.map(({ name, shown }) => (
          <Tabs.Panel key={name} value={name}>
            {shown}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Dialog>
  );
}
