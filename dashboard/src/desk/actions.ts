/** What is done on the desk, one at a time: the second of two clicks does nothing, and an undo is offered after each. */

import { useSyncExternalStore } from "react";

import { Refusal, type Appointment, type Slot } from "../api/client";
import type { Translate } from "../i18n";
import { Waiting } from "../lib/waiting";
import { nowOf, type Intent } from "./asShown";
import * as changes from "./changes";

/** In milliseconds. The server keeps the time for somewhat longer, so that an undo in the last second is in time. */
export const UNDO_FOR = 10_000;

export interface Undoable {
  id: string;
  /** Of several that were booked at once, and are taken back at once. */
  group?: true;
  until: number;
  dates: string[];
}

interface Told {
  /** Instants whose days have changed. */
  done(instants: string[]): void;
  undoable(what: Undoable | null): void;
  say(sentence: string): void;
}

/**
 * An intent has its key from its first attempt until it is done or refused for good. Its name holds all that is sent: a
 * key that comes with another body is refused.
 */
class Intents {
  readonly #open = new Map<string, Intent>();

  of(name: string): Intent {
    const intent = this.#open.get(name) ?? { key: changes.newKey() };
    this.#open.set(name, intent);
    return intent;
  }

  over(name: string): void {
    this.#open.delete(name);
  }
}

export function useBusy(actions: Actions): boolean {
  return useSyncExternalStore(actions.subscribe, () => actions.busy);
}

export function useProblem(actions: Actions): Refusal | null {
  return useSyncExternalStore(actions.subscribe, () => actions.problem);
}

export function useWaiting(actions: Actions): boolean {
  return useSyncExternalStore(actions.subscribe, () => actions.waiting);
}

export class Actions {
  #t: Translate = (key) => key;
  #when: (instant: string) => string = (instant) => instant;
  #busy = false;
  #problem: Refusal | null = null;
  readonly #intents = new Intents();
  readonly #told: Told;
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Waiting(() => this.#heard());

  constructor(told: Told) {
    this.#told = told;
  }

  words(t: Translate, when: (instant: string) => string): void {
    this.#t = t;
    this.#when = when;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get busy(): boolean {
    return this.#busy;
  }

  get problem(): Refusal | null {
    return this.#problem;
  }

  /** What was done last has not been sent: there is no connection. */
  get waiting(): boolean {
    return this.#waiting.now;
  }

  /** It is not to be sent after all. */
  giveUp(): void {
    this.#waiting.giveUp();
  }

  clear(): void {
    this.#is(this.#busy, null);
  }

  /** Throws Refusal: the booking's own place shows it. */
  async book(wish: { patientId: string; slotId: string; type: string }): Promise<Appointment | null> {
    const intent = `book ${wish.patientId} ${wish.slotId} ${wish.type}`;
    return this.#once(intent, async ({ key }) => {
      const booked = await changes.book(wish, key);
      this.#done({ id: booked.appointmentId }, [booked.start]);
      this.#told.say(`${this.#t("booked")}: ${this.#when(booked.start)}`);
      return booked;
    });
  }

  /** Several at once, by `send`. Throws Refusal, as `book` does. */
  async bookSeveral(intent: string, send: (key: string) => Promise<changes.Group>): Promise<changes.Group | null> {
    return this.#once(intent, async ({ key }) => {
      const group = await send(key);
      this.#done({ id: group.id, group: true }, group.appointments.map((each) => each.start));
      this.#told.say(`${this.#t("booked")}: ${group.appointments.map((each) => this.#when(each.start)).join("; ")}`);
      return group;
    });
  }

  async overbook(wish: changes.Overbooking): Promise<boolean> {
    return this.#shown(`overbook ${JSON.stringify(wish)}`, async ({ key }) => {
      const booked = await changes.overbook(wish, key);
      this.#done({ id: booked.appointmentId }, [booked.start]);
      this.#told.say(`${this.#t("overbooked")}: ${this.#when(booked.start)}`);
    });
  }

  async swap(appointment: Appointment, other: Appointment): Promise<boolean> {
    return this.#changed(`swap ${appointment.appointmentId} ${other.appointmentId}`, [appointment, other], async (intent) => {
      const swapped = await changes.swap(appointment, other, intent);
      this.#done({ id: swapped.appointmentId }, [appointment.start, other.start]);
      this.#told.say(`${this.#t("swapped")}: ${this.#when(swapped.start)}`);
    });
  }

  async move(appointment: Appointment, slot: Slot): Promise<boolean> {
    return this.#changed(`move ${appointment.appointmentId} ${slot.id}`, [appointment], async (intent) => {
      const moved = await changes.move(appointment, slot, intent);
      this.#done({ id: moved.appointmentId }, [appointment.start, moved.start]);
      this.#told.say(`${this.#t("moved")}: ${this.#when(moved.start)}`);
    });
  }

  async cancel(appointment: Appointment, reason: changes.Reason): Promise<boolean> {
    return this.#changed(`cancel ${appointment.appointmentId} ${reason}`, [appointment], async (intent) => {
      await changes.cancel(appointment, reason, intent);
      this.#done({ id: appointment.appointmentId }, [appointment.start]);
      this.#told.say(`${this.#t("cancelled")}: ${this.#when(appointment.start)}`);
    });
  }

  async mistaken(appointment: Appointment): Promise<boolean> {
    return this.#changed(`mistaken ${appointment.appointmentId}`, [appointment], async (intent) => {
      await changes.enteredInError(appointment, intent);
      this.#done({ id: appointment.appointmentId }, [appointment.start]);
      this.#told.say(`${this.#t("status_entered-in-error")}: ${this.#when(appointment.start)}`);
    });
  }

  async undo(what: Undoable): Promise<boolean> {
    return this.#shown(`undo ${what.id} ${what.until}`, async ({ key }) => {
      this.#told.undoable(null);
      if (what.group) {
        await changes.undoGroup(what.id, key);
        this.#told.done(what.dates);
      } else {
        const undone = await changes.undo(what.id, key);
        this.#told.done([...what.dates, undone.start]);
      }
      this.#told.say(this.#t("undone"));
    });
  }

  async hold(slotIds: string[], type: string, patientId: string | null): Promise<boolean> {
    return this.#shown(`hold ${slotIds.join()} ${type} ${patientId}`, async ({ key }) => {
      const placed = await changes.hold(slotIds, type, patientId, key);
      this.#told.done(placed.times.map((time) => time.start));
      this.#told.say(`${this.#t("held")}: ${placed.times.length}`);
    });
  }

  async release(holdId: string): Promise<boolean> {
    return this.#shown(`release ${holdId}`, async () => {
      await changes.release(holdId);
      this.#told.done([]);
    });
  }

  #done(what: { id: string; group?: true }, instants: string[]): void {
    this.#told.done(instants);
    this.#told.undoable({ ...what, until: Date.now() + UNDO_FOR, dates: instants });
  }

  /** Of what is on the screen: where that is out of date, its days are read anew. */
  async #changed(name: string, shown: Appointment[], act: (intent: Intent) => Promise<void>): Promise<boolean> {
    return this.#shown(name, async (intent) => {
      try {
        await act(intent);
      } catch (error) {
        const now = nowOf(error);
        if (now) this.#told.done([...shown, now].map((each) => each.start));
        throw error;
      }
    });
  }

  async #shown(name: string, act: (intent: Intent) => Promise<void>): Promise<boolean> {
    try {
      return (await this.#once(name, async (intent) => (await act(intent), true))) ?? false;
    } catch (error) {
      this.#is(false, error instanceof Refusal ? error : new Refusal(500, "unexpected", String(error), ""));
      return false;
    }
  }

  async #once<T>(name: string, act: (intent: Intent) => Promise<T>): Promise<T | null> {
    if (this.#busy) return null;
    this.#is(true, null);
    try {
      if (!(await this.#waiting.connected())) return null;
      const intent = this.#intents.of(name);
      const result = await act(intent);
      this.#intents.over(name);
      return result;
    } catch (error) {
      // Refused is answered: asked again, it is a new question. Without an answer it is the same one.
      if (error instanceof Refusal && !error.offline && error.status < 500) this.#intents.over(name);
      throw error;
    } finally {
      this.#is(false, this.#problem);
    }
  }

  #is(busy: boolean, problem: Refusal | null): void {
    this.#busy = busy;
    this.#problem = problem;
    this.#heard();
  }

  #heard(): void {
    for (const listener of this.#listeners) listener();
  }
}
