/** The day's appointments in order of time, for reading out and for paper. */

import { Anchor, Table } from "@mantine/core";
import type { ReactNode } from "react";

import type { Appointment } from "../../api/client";
import type { Key } from "../../i18n/en";
import { clock, dayOf } from "../../lib/time";
import { Loaded } from "../../manage/Loaded";
import { taking, useAppointments } from "../data";
import type { Names } from "../names";
import { useWords } from "../words";

interface Props {
  practice: string;
  date: string;
  zone: string;
  names: Names;
  onAppointment: (appointment: Appointment) => void;
}

export function List({ practice, date, zone, names, onAppointment }: Props): ReactNode {
  const { t, language } = useWords();
  const appointments = useAppointments(practice, date);
  const at = (instant: string): string => clock(new Date(instant), zone, language);
  return (
    <div className="list">
      <Loaded query={appointments} empty={t("emptyList")}>
        {(found) => (
          <Table aria-label={dayOf(date, language)} stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("at")}</Table.Th>
                <Table.Th>{t("visitType")}</Table.Th>
                <Table.Th>{t("practitioner")}</Table.Th>
                <Table.Th>{t("location")}</Table.Th>
                <Table.Th>{t("status")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {[...found].sort(byTime).map((each) => (
                <Table.Tr key={each.appointmentId} className={taking(each) ? "" : "muted"} data-appointment={each.appointmentId}>
                  <Table.Td>
                    <Anchor component="button" type="button" size="sm" onClick={() => onAppointment(each)}>
                      {at(each.start)} – {at(each.end)}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>{names.type.get(each.type) ?? each.type}</Table.Td>
                  <Table.Td>{names.practitioner.get(each.practitionerId)}</Table.Td>
                  <Table.Td>{names.location.get(each.locationId)}</Table.Td>
                  <Table.Td>{t(`status_${each.status}` as Key)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
    </div>
  );
}

function byTime(one: Appointment, other: Appointment): number {
  return Date.parse(one.start) - Date.parse(other.start) || one.practitionerId.localeCompare(other.practitionerId);
}
