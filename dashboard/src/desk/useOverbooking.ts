/** Whether the patient on the desk may be put beside somebody who has the time, and doing it. */

import type { Appointment, Patient } from "../api/client";
import type { Actions } from "./actions";
import type { Names } from "./names";
import type { OverbookingReason, Wish } from "./Overbooking";
import type { Decided } from "./Questions";

const REASONS: OverbookingReason[] = ["emergency", "cannot_wait", "practitioner_request", "other"];

interface Given {
  actions: Actions;
  role: string;
  patient: Patient | null;
  type: string | null;
  decided: Decided | null;
  names: Names;
  over: (done: boolean) => void;
}

export function useOverbooking({ actions, role, patient, type, decided, names, over }: Given): {
  beside: Wish | null;
  overbook: (at: Appointment, reason: OverbookingReason) => void;
} {
  const emergency = decided?.outcome.urgency === "emergency" && decided.outcome.appointmentType === type;
  const reasons = reasonsOf(role, emergency);
  const beside =
    patient && type && reasons.length > 0
      ? { patient: `${patient.firstName} ${patient.lastName}`, type: names.type.get(type) ?? type, reasons }
      : null;

  function overbook(at: Appointment, reason: OverbookingReason): void {
    if (!patient || !type) return;
    const answers = reason === "emergency" && emergency ? { answers: decided.answers } : {};
    void actions.overbook({ patientId: patient.id, slotId: at.slotId, type, reason, ...answers }).then(over);
  }
  return { beside, overbook };
}

/** A manager may for every reason; an agent where the protocol made it an emergency. The API judges it again. */
function reasonsOf(role: string, emergency: boolean): OverbookingReason[] {
  if (role === "practice_manager") return REASONS;
  return role === "scheduling_agent" && emergency ? ["emergency"] : [];
}
