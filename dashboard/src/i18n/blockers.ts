/** What stands against a time: by its code, the time that it covers, and who and how many. */

import type { Blocker } from "../api/client";
import { clock, date, day, dayOf, fullDayOf, weekdayOf } from "../lib/time.ts";
import { BLOCKERS, type Spoken } from "./blockerWords.ts";
import { fill } from "./filling.ts";
import type { Language } from "./index.tsx";

/** Of what can be said of it, what says most; its own sentence in English where its code is a new one. */
export function blockerTold(blocker: Blocker, language: Language, zone: string): string {
  const spoken = BLOCKERS[language][blocker.code] as Spoken | undefined;
  if (!spoken) return blocker.sentence;
  const known = new Map(Object.entries(said(blocker, language, zone)).flatMap(([name, value]) => (value == null ? [] : [[name, value]])));
  const can = (sentence: string): boolean => [...sentence.matchAll(/{(\w+)}/g)].every(([, name]) => known.has(name as string));
  const parts = [spoken.say.find(can) ?? blocker.sentence, ...(spoken.more ?? []).filter(can)];
  return fill(parts.join(""), Object.fromEntries(known));
}

type Said = Record<string, string | number | null | undefined>;

function said({ start, end, values = {} }: Blocker, language: Language, zone: string): Said {
  const tell = tellers(language, zone);
  const { audience, appointmentType, weekly, appointment, hours, starts } = values;
  return {
    ...{ since: start && tell.instant(start), until: end && tell.instant(end), span: start && end && tell.span(start, end) },
    ...{ practitioner: values.practitioner, location: values.location, type: appointmentType, heldBy: values.heldBy },
    ...{ block: values.block, resource: values.resource, most: values.most, minutes: values.minutes },
    forNew: audience === "new" ? appointmentType : null,
    forReturning: audience === "returning" ? appointmentType : null,
    // Nothing to name, but something to say.
    beenHere: values.beenHere ? "" : null,
    freeFrom: values.freeFrom && tell.instant(values.freeFrom),
    day: values.day && dayOf(values.day, language),
    weekdays: weekly && values.day ? plural(weekdayOf(values.day, language)) : null,
    lastDay: values.lastDay && fullDayOf(values.lastDay, language),
    other: appointment && tell.span(appointment.start, appointment.end),
    hours: hours?.map((stay) => tell.span(stay.start, stay.end)).join(", "),
    starts: starts?.map((at) => clock(new Date(at), zone, language)).join(SPAN[language].or),
  };
}

const SPAN = {
  en: { within: "{since} to {until}", across: "{since} to {until}", or: " or " },
  es: { within: "de {since} a {until}", across: "del {since} al {until}", or: " o " },
};

interface Tellers {
  /** Tuesday, December 1, 9:30 AM */
  instant: (at: string) => string;
  /** 9:30 AM to 10:00 AM, and with the days where there are two. */
  span: (start: string, end: string) => string;
}

function tellers(language: Language, zone: string): Tellers {
  const instant = (at: string): string => `${day(new Date(at), zone, language)}, ${clock(new Date(at), zone, language)}`;
  const span = (start: string, end: string): string => {
    const [since, until] = [new Date(start), new Date(end)];
    if (date(since, zone) !== date(until, zone)) return fill(SPAN[language].across, { since: instant(start), until: instant(end) });
    return fill(SPAN[language].within, { since: clock(since, zone, language), until: clock(until, zone, language) });
  };
  return { instant, span };
}

/** Tuesdays; martes and sábados. */
function plural(weekday: string): string {
  return weekday.endsWith("s") ? weekday : `${weekday}s`;
}
