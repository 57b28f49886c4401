/** What the desk writes. Each intent has one idempotency key: a lost answer is asked for again, and nothing is done twice. */

import { api, Refusal, told, type Appointment, type Schemas, type Slot } from "../api/client";
import { asShown, tagOf, type Intent } from "./asShown";
import { surely } from "./surely";

export function newKey(): string {
  return crypto.randomUUID();
}

export function book(wish: { patientId: string; slotId: string; type: string }, key: string): Promise<Appointment> {
  return surely(() =>
    told(() => api.POST("/api/v2/appointments", { params: { header: { "X-Idempotency-Key": key } }, body: wish })),
  );
}

export function move(appointment: Appointment, slot: Slot, intent: Intent): Promise<Appointment> {
  const params = paramsOf(appointment, intent);
  const body = { slotId: slot.id };
  return asShown(appointment, intent, (headers) =>
    surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/move", { params, headers, body }))),
  );
}

/** Each begins where the other began. */
export async function swap(appointment: Appointment, other: Appointment, intent: Intent): Promise<Appointment> {
  const params = paramsOf(appointment, intent);
  const body = { withAppointmentId: other.appointmentId };
  // The server compares the tag of the one that the path names.
  if (intent.tag === undefined) await tagOf(other);
  return asShown(appointment, intent, (headers) =>
    surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/swap", { params, headers, body }))),
  );
}

export type Overbooking = Schemas["OverbookingInputRequest"];

/** Beside whom the time is given to. */
export function overbook(wish: Overbooking, key: string): Promise<Appointment> {
  const header = { "X-Idempotency-Key": key };
  return surely(() => told(() => api.POST("/api/v2/overbookings", { params: { header }, body: wish })));
}

export type Reason = Schemas["CancellationInputRequest"]["reason"];

export function cancel(appointment: Appointment, reason: Reason, intent: Intent): Promise<Appointment> {
  const params = paramsOf(appointment, intent);
  return asShown(appointment, intent, (headers) =>
    surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/cancel", { params, headers, body: { reason } }))),
  );
}

/** It never should have been: nobody was cancelled, and nobody missed it. */
export function enteredInError(appointment: Appointment, intent: Intent): Promise<Appointment> {
  const params = paramsOf(appointment, intent);
  const body = { status: "entered-in-error" } as const;
  return asShown(appointment, intent, (headers) =>
    surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/status", { params, headers, body }))),
  );
}

function paramsOf(appointment: Appointment, { key }: Intent) {
  return { path: { appointment_id: appointment.appointmentId }, header: { "X-Idempotency-Key": key } };
}

export type Group = Schemas["GroupOutput"];

/** All of them or none. */
export type Together = Schemas["GroupInputRequest"];

export function bookTogether(wish: Together, key: string): Promise<Group> {
  const header = { "X-Idempotency-Key": key };
  return surely(() => told(() => api.POST("/api/v2/appointment-groups", { params: { header }, body: wish })));
}

export type Series = Schemas["SeriesInputRequest"];

export function bookSeries(wish: Series, key: string): Promise<Group> {
  const header = { "X-Idempotency-Key": key };
  return surely(() => told(() => api.POST("/api/v2/appointment-series", { params: { header }, body: wish })));
}

export function undoGroup(id: string, key: string): Promise<Group> {
  const params = { path: { group_id: id }, header: { "X-Idempotency-Key": key } };
  return surely(() => told(() => api.POST("/api/v2/appointment-groups/{group_id}/undo", { params })));
}

export function undo(id: string, key: string): Promise<Appointment> {
  const params = { path: { appointment_id: id }, header: { "X-Idempotency-Key": key } };
  return surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/undo", { params })));
}

export function hold(slotIds: string[], type: string, patientId: string | null, key: string): Promise<Schemas["PlacedOutput"]> {
  const header = { "X-Idempotency-Key": key };
  const body = { slotIds, type, ...(patientId ? { patientId } : {}) };
  return surely(() => told(() => api.POST("/api/v2/holds", { params: { header }, body })));
}

export async function release(holdId: string): Promise<void> {
  try {
    await told(() => api.DELETE("/api/v2/holds/{hold_id}", { params: { path: { hold_id: holdId } } }));
  } catch (error) {
    // It is over already: nothing else was wanted.
    if (!(error instanceof Refusal && error.status === 404)) throw error;
  }
}
