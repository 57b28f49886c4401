/** Offers, by the time that they are about. */

import type { Schemas } from "../../api/client";

export type Offer = Schemas["WaitlistOfferOutput"];

/** One time, and who was asked about it, the first ones first. */
export interface Opening {
  id: string;
  start: string;
  practitionerId: string;
  locationId: string;
  offers: Offer[];
}

/** The soonest time first. */
export function byOpening(offers: Offer[]): Opening[] {
  const found = new Map<string, Opening>();
  for (const offer of offers) {
    const { openingId: id, start, practitionerId, locationId } = offer;
    const opening = found.get(id) ?? { id, start, practitionerId, locationId, offers: [] };
    opening.offers.push(offer);
    found.set(id, opening);
  }
  for (const opening of found.values()) opening.offers.sort((one, other) => one.batch - other.batch);
  return [...found.values()].sort((one, other) => Date.parse(one.start) - Date.parse(other.start));
}
