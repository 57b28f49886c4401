/** Appointments whose patients are to be called. Whose they are, is looked up (and on record) one at a time. */

import { Button, Group, Table, Text } from "@mantine/core";
import { useMutation, type UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, told, type Appointment, type Patient } from "../../api/client";
import { Failure } from "../../Failure";
import { Loaded } from "../../manage/Loaded";
import type { Names } from "../names";
import { useWords } from "../words";

interface Props {
  query: UseQueryResult<Appointment[]>;
  name: string;
  hint: string;
  names: Names;
  when: (instant: string) => string;
  onAppointment: (appointment: Appointment) => void;
  onPatient: (patient: Patient) => void;
}

export function ToCall({ query, name, hint, names, when, onAppointment, onPatient }: Props): ReactNode {
  const { t } = useWords();
  const calling = useMutation({ mutationFn: patientOf, onSuccess: onPatient });
  return (
    <>
      <Text size="sm" className="muted" mb="xs">
        {hint}
      </Text>
      {calling.error ? <Failure error={calling.error} /> : null}
      <Loaded query={query} empty={t("nothingToDo")}>
        {(found) => (
          <Table aria-label={name}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("at")}</Table.Th>
                <Table.Th>{t("visitType")}</Table.Th>
                <Table.Th>{t("practitioner")}</Table.Th>
                <Table.Th>{t("action")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.map((each) => (
                <Table.Tr key={each.appointmentId} data-appointment={each.appointmentId}>
                  <Table.Td>{when(each.start)}</Table.Td>
                  <Table.Td>{names.type.get(each.type) ?? each.type}</Table.Td>
                  <Table.Td>{names.practitioner.get(each.practitionerId)}</Table.Td>
                  <Table.Td>
                    <Group gap={4}>
                      <Button size="compact-xs" onClick={() => calling.mutate(each.patientId)}>
                        {t("callBack")}
                      </Button>
                      <Button size="compact-xs" variant="default" onClick={() => onAppointment(each)}>
                        {t("open")}
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
    </>
  );
}

export function patientOf(id: string): Promise<Patient> {
  return told(() => api.GET("/api/v2/patients/{patient_id}", { params: { path: { patient_id: id } } }));
}
