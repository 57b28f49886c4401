/** What the desk writes. Each intent has one idempotency key: a lost answer is asked for again, and nothing is done twice. */

import { answered, api, Refusal, told, type Appointment, type Schemas, type Slot } from "../api/client";

const PAUSES = [400, 1200];

/** Once more where nobody knows whether it was done; the key sees to it that it is done once. */
async function surely<T>(send: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Refusal) || !(error.offline || error.status >= 500)) throw error;
      await new Promise((done) => setTimeout(done, pause));
    }
  }
  return send();
}

export function newKey(): string {
  return crypto.randomUUID();
}

export function book(wish: { patientId: string; slotId: string; type: string }, key: string): Promise<Appointment> {
  return surely(() =>
    told(() => api.POST("/api/v2/appointments", { params: { header: { "X-Idempotency-Key": key } }, body: wish })),
  );
}

/** As it is now; a screen that shows an older state is refused (412). */
async function tagOf(id: string): Promise<string> {
  const path = { appointment_id: id };
  const { response } = await answered(() => api.GET("/api/v2/appointments/{appointment_id}", { params: { path } }));
  return response.headers.get("ETag") ?? "";
}

export async function move(appointment: Appointment, slot: Slot, key: string): Promise<Appointment> {
  const params = { path: { appointment_id: appointment.appointmentId }, header: { "X-Idempotency-Key": key } };
  const headers = { "If-Match": await tagOf(appointment.appointmentId) };
  return surely(() =>
    told(() =>
      api.POST("/api/v2/appointments/{appointment_id}/move", { params, headers, body: { slotId: slot.id } }),
    ),
  );
}

/** Each begins where the other began. */
export async function swap(appointment: Appointment, other: Appointment, key: string): Promise<Appointment> {
  const params = { path: { appointment_id: appointment.appointmentId }, header: { "X-Idempotency-Key": key } };
  const headers = { "If-Match": await tagOf(appointment.appointmentId) };
  const body = { withAppointmentId: other.appointmentId };
  return surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/swap", { params, headers, body })));
}

export type Overbooking = Schemas["OverbookingInputRequest"];

/** Beside whom the time is given to. */
export function overbook(wish: Overbooking, key: string): Promise<Appointment> {
  const header = { "X-Idempotency-Key": key };
  return surely(() => told(() => api.POST("/api/v2/overbookings", { params: { header }, body: wish })));
}

export type Reason = Schemas["CancellationInputRequest"]["reason"];

export function cancel(appointment: Appointment, reason: Reason, key: string): Promise<Appointment> {
  const params = { path: { appointment_id: appointment.appointmentId }, header: { "X-Idempotency-Key": key } };
  return surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/cancel", { params, body: { reason } })));
}

/** It never should have been: nobody was cancelled, and nobody missed it. */
export function enteredInError(appointment: Appointment, key: string): Promise<Appointment> {
  const params = { path: { appointment_id: appointment.appointmentId }, header: { "X-Idempotency-Key": key } };
  const body = { status: "entered-in-error" } as const;
  return surely(() => told(() => api.POST("/api/v2/appointments/{appointment_id}/status", { params, body })));
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
