/** Booked for the wrong person: entered in error, and its time is kept under the finger for the right one. */

import type { Appointment, Slot } from "../api/client";
import type { Actions } from "./actions";

interface Told {
  actions: Actions;
  /** The time, where it is still to come. */
  freed: (type: string, slot: Slot | null) => void;
}

export function mistaking({ actions, freed }: Told): (appointment: Appointment) => void {
  return (appointment) =>
    void actions.mistaken(appointment).then((done) => {
      if (done) freed(appointment.type, Date.parse(appointment.start) > Date.now() ? slotOf(appointment) : null);
    });
}

function slotOf({ slotId, start, end, practitionerId, locationId }: Appointment): Slot {
  return { id: slotId, start, end, practitionerId, locationId, status: "free" };
}
