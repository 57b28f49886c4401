/** Where clinicians are, and how that is put on a plan: north is up, and a mile is as long everywhere. */

import type { Word } from "../../lib/live.ts";

export interface Position {
  lat: number;
  lng: number;
  /** Such as `4 min`; null: there already, or nobody knows where to. */
  eta: string | null;
  at: string;
}

/** By visit: the newest position and those before it, the oldest first. */
export type Positions = Record<string, Position[]>;

// What brings a visit into the list of those under way and to come, changes its place there, or takes it out.
const LISTED = /^(visit\..+|appointment\.(cancelled|reinstated|moved|fulfilled|noshow|reopened|entered_in_error))$/;

/** Whether a change of this type makes the list of visits new. */
export function concernsVisits(type: string): boolean {
  return LISTED.test(type);
}

const KEPT = 120;

export function heard(known: Positions, word: Word): Positions {
  if (word.type !== "practitioner_location") return known;
  const { visitId, lat, lng, eta, at } = word as unknown as Position & { visitId: string };
  const before = known[visitId] ?? [];
  // After a new connection the last one is told again, and two processes may tell one after the other's.
  if (Date.parse(before.at(-1)?.at ?? "") >= Date.parse(at)) return known;
  return { ...known, [visitId]: [...before, { lat, lng, eta, at }].slice(-KEPT) };
}

const METRES_A_DEGREE = 111_320;
const METRES_A_MILE = 1609.344;
// What is seen of one clinician alone.
const LEAST_METRES = 1500;
const MARGIN = 0.15;

export interface Plan {
  /** In the drawing's units, from the left and from the top. */
  place: (position: { lat: number; lng: number }) => { x: number; y: number };
  /** A round number of miles, and how long it is drawn. */
  miles: number;
  mileLength: number;
}

/** A plan of this size that has all of them on it. */
export function planOf(positions: { lat: number; lng: number }[], width: number, height: number): Plan {
  const lats = positions.map((each) => each.lat);
  const lngs = positions.map((each) => each.lng);
  const middle = { lat: half(lats), lng: half(lngs) };
  const across = METRES_A_DEGREE * Math.cos((middle.lat * Math.PI) / 180);
  const metresWide = Math.max(LEAST_METRES, (Math.max(...lngs) - Math.min(...lngs)) * across);
  const metresHigh = Math.max(LEAST_METRES, (Math.max(...lats) - Math.min(...lats)) * METRES_A_DEGREE);
  const scale = Math.min((width * (1 - 2 * MARGIN)) / metresWide, (height * (1 - 2 * MARGIN)) / metresHigh);
  const miles = roundMiles(width / scale / METRES_A_MILE / 5);
  return {
    place: ({ lat, lng }) => ({
      x: width / 2 + (lng - middle.lng) * across * scale,
      y: height / 2 - (lat - middle.lat) * METRES_A_DEGREE * scale,
    }),
    miles,
    mileLength: miles * METRES_A_MILE * scale,
  };
}

function half(values: number[]): number {
  return (Math.min(...values) + Math.max(...values)) / 2;
}

/** 1, 2 or 5, of the power of ten that is nearest below. */
function roundMiles(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([5, 2].find((step) => step * power <= wanted) ?? 1);
}
