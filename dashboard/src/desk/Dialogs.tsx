/** What opens over the desk, one at a time; most of it is loaded only then. */

import { Suspense, useCallback, useState, type ReactNode } from "react";

import type { Patient, Slot } from "../api/client";
import type { Actions } from "./actions";
import type { AppointmentType } from "./data";
import { KeySheet } from "./KeySheet";
import type { Names } from "./names";
import { NewPatient } from "./NewPatient";
import { Palette, Together, WhyNot } from "./parts";

export type Opened = "commands" | "keys" | "newPatient" | "together" | "whyNot";

export function useDialogs(): { opened: Opened | null; open: (which: Opened) => void; close: (which: Opened) => void } {
  const [opened, open] = useState<Opened | null>(null);
  // One that is still closing must not take the next one with it.
  const close = useCallback((which: Opened) => open((now) => (now === which ? null : now)), []);
  return { opened, open, close };
}

interface Props {
  opened: Opened | null;
  onClose: (which: Opened) => void;
  actions: Actions;
  patient: Patient | null;
  slot: Slot | null;
  type: string | null;
  types: AppointmentType[];
  names: Names;
  when: (instant: string) => string;
  /** The day that is shown. */
  date: string;
  /** The number that calls, as long as it is nobody's. */
  caller: string;
  singleKeys: [boolean, (on: boolean) => void];
  onPatient: (patient: Patient) => void;
  onSlot: (slot: Slot) => void;
  onBooked: () => void;
}

export function Dialogs({ opened, onClose, date, caller, singleKeys, onPatient, onSlot, onBooked, ...common }: Props): ReactNode {
  return (
    <Suspense fallback={null}>
      {opened === "commands" ? <Palette onPatient={onPatient} onClose={() => onClose("commands")} /> : null}
      {opened === "together" ? (
        <Together
          {...common}
          onClose={() => onClose("together")}
          onBooked={() => {
            onClose("together");
            onBooked();
          }}
        />
      ) : null}
      {opened === "whyNot" ? (
        <WhyNot
          {...common}
          date={date}
          onClose={() => onClose("whyNot")}
          onChoose={(slot) => {
            onClose("whyNot");
            onSlot(slot);
          }}
        />
      ) : null}
      {opened === "newPatient" ? (
        <NewPatient
          phone={caller}
          onClose={() => onClose("newPatient")}
          onDone={(found) => {
            onClose("newPatient");
            onPatient(found);
          }}
        />
      ) : null}
      <KeySheet opened={opened === "keys"} onClose={() => onClose("keys")} on={singleKeys[0]} onSwitch={singleKeys[1]} />
    </Suspense>
  );
}
