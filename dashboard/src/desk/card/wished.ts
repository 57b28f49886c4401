/** What a form of wishes asks for. */

import type { Appointment, Patient } from "../../api/client";
import type { Wish } from "../work/cascade";

/** Only what was wished: an empty field is no wish. */
export function wished(form: FormData, patient: Patient, theirs: Appointment | undefined): Wish {
  const text = (name: string): string => String(form.get(name) ?? "");
  const weekdays = form.getAll("weekday") as NonNullable<Wish["weekdays"]>;
  return {
    patientId: patient.id,
    type: theirs?.type ?? text("type"),
    ...(theirs ? { appointmentId: theirs.appointmentId } : {}),
    ...(text("practitioner") ? { practitionerIds: [text("practitioner")] } : {}),
    ...(text("partOfDay") ? { partOfDay: text("partOfDay") as NonNullable<Wish["partOfDay"]> } : {}),
    ...(text("fromDate") ? { fromDate: text("fromDate") } : {}),
    ...(text("untilDate") ? { untilDate: text("untilDate") } : {}),
    ...(weekdays.length > 0 ? { weekdays } : {}),
    ...(form.get("urgent") ? { urgency: "urgent" as const } : {}),
  };
}
