/** What the desk does not need at once. It comes soon after: what is typed at once would miss it, and a lost connection keep it. */

import { useEffect } from "react";

import { later } from "../lib/later";

// In milliseconds: after what the desk itself needs.
const SOON = 2_000;

export const Palette = later(async () => (await import("./Palette")).Palette);
export const PatientCard = later(async () => (await import("./card/PatientCard")).PatientCard);
export const Together = later(async () => (await import("./together/Together")).Together);
export const WhyNot = later(async () => (await import("./whynot/WhyNot")).WhyNot);
export const Week = later(async () => (await import("./calendar/Week")).Week);
export const List = later(async () => (await import("./calendar/List")).List);
export const Worklists = later(async () => (await import("./work/Worklists")).Worklists);

export function usePartsSoon(): void {
  useEffect(() => {
    const soon = setTimeout(() => {
      for (const part of [Palette, PatientCard, Together, WhyNot, Week, List, Worklists]) part.ahead();
    }, SOON);
    return () => clearTimeout(soon);
  }, []);
}
