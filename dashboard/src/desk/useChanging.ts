/** An appointment that waits for its new time, or for the one that it changes places with. */

import { useEffect, useState, type Dispatch, type SetStateAction } from "react";
import { flushSync } from "react-dom";

import type { Appointment, Slot } from "../api/client";
import { useProblem, type Actions } from "./actions";
import { nowOf } from "./asShown";
import { focusBoard } from "./Lanes";

export interface Changing {
  how: "move" | "swap";
  appointment: Appointment;
}

interface Told {
  actions: Actions;
  note: (did: "moved") => void;
  /** Nothing waits: a free time, an appointment that was chosen. */
  pick: (slot: Slot) => void;
  open: Dispatch<SetStateAction<Appointment | null>>;
}

export interface ChangingState {
  changing: Changing | null;
  start: (how: Changing["how"], appointment: Appointment) => void;
  stop: () => void;
  slot: (slot: Slot) => void;
  appointment: (appointment: Appointment) => void;
  drop: (appointment: Appointment, slot: Slot) => void;
}

export function useChanging({ actions, note, pick, open }: Told): ChangingState {
  const [changing, change] = useState<Changing | null>(null);
  const now = nowOf(useProblem(actions));
  useEffect(() => {
    if (!now) return;
    open((opened) => (opened?.appointmentId === now.appointmentId ? now : opened));
    change((waiting) => renewed(waiting, now));
  }, [now, open]);

  function finished(done: boolean): void {
    if (!done) return;
    note("moved");
    change(null);
  }
  return {
    changing,
    start(how, appointment) {
      // Gone with its hold on the focus, before the day has it.
      flushSync(() => (change({ how, appointment }), open(null)));
      focusBoard();
    },
    stop: () => change(null),
    slot(slot) {
      if (changing?.how === "move") void actions.move(changing.appointment, slot).then(finished);
      else pick(slot);
    },
    appointment(chosen) {
      const other = changing?.how === "swap" && changing.appointment.appointmentId !== chosen.appointmentId;
      if (other) return void actions.swap(changing.appointment, chosen).then(finished);
      // What was refused before is of another.
      actions.clear();
      open(chosen);
    },
    drop: (appointment, slot) => void actions.move(appointment, slot).then(finished),
  };
}

/** It is as somebody else has left it, or waits no more. */
function renewed(waiting: Changing | null, now: Appointment): Changing | null {
  if (waiting?.appointment.appointmentId !== now.appointmentId) return waiting;
  return now.status === "booked" ? { ...waiting, appointment: now } : null;
}
