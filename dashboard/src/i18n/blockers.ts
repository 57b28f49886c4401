/** What stands against a time, in Spanish: by its code, and by the time that it covers. */

import type { Blocker } from "../api/client";
import { clock, date, day } from "../lib/time.ts";
import { fill } from "./filling.ts";
import type { Language } from "./index.tsx";

/** Its own sentence in English, or where its code is a new one: it names who and how many as well. */
export function blockerTold(blocker: Blocker, language: Language, zone: string): string {
  const spanish = language === "es" ? (BLOCKERS[blocker.code] as Spoken | undefined) : undefined;
  if (!spanish) return blocker.sentence;
  const { start, end } = blocker;
  const since = start && instant(start, zone);
  const until = end && instant(end, zone);
  if (spanish.when && since && until) return fill(spanish.when, { since, until, span: span(start, end, zone) });
  if (spanish.until && until) return fill(spanish.until, { until });
  if (spanish.since && since) return fill(spanish.since, { since });
  return spanish.plain;
}

interface Spoken {
  plain: string;
  /** With both ends of what it covers, or with one. */
  when?: string;
  since?: string;
  until?: string;
}

const BLOCKERS: Record<Blocker["code"], Spoken> = {
  past: { plain: "Esa hora ya pasó" },
  beyond_horizon: { plain: "El calendario todavía no está abierto para esa fecha" },
  too_soon: { plain: "Falta muy poco: hay que llamar al consultorio", until: "Para una hora antes del {until} hay que llamar al consultorio" },
  too_far_ahead: {
    plain: "Es con demasiada antelación: hay que llamar al consultorio",
    since: "Desde el {since} hay que llamar al consultorio",
  },
  practitioner_inactive: { plain: "El profesional ya no atiende a pacientes" },
  location_inactive: { plain: "En esa sede ya no se atiende a pacientes" },
  audience: { plain: "Este tipo de cita no es para este paciente: es solo para nuevos, o solo para conocidos" },
  closed: { plain: "Está cerrado", until: "Está cerrado hasta el {until}" },
  time_off: { plain: "El profesional está ausente", until: "El profesional está ausente hasta el {until}" },
  not_in: { plain: "El profesional no atiende a esa hora de ese día" },
  too_short: { plain: "La cita no cabe en el horario", when: "La cita no cabe en el horario, que va {span}" },
  off_grid: { plain: "Las citas no empiezan a esa hora: elija una de las del calendario" },
  taken: { plain: "Ocupada", when: "Ocupada {span}" },
  buffer: {
    plain: "Demasiado cerca de otra cita",
    when: "Demasiado cerca de otra cita, que con su preparación va {span}",
  },
  held: { plain: "Retenida para otra persona", when: "Retenida {span} para otra persona" },
  blocked: { plain: "Bloqueada", when: "Bloqueada {span}" },
  resource: {
    plain: "No hay libre ninguna sala o equipo de los que hacen falta",
    when: "No hay libre {span} ninguna sala o equipo de los que hacen falta",
  },
  block: { plain: "Reservada para otras citas", when: "Reservada para otras citas {span}" },
  cap: { plain: "Ese día ya no se toman más citas de este tipo" },
};

/** martes, 1 de diciembre, 9:30 */
function instant(at: string, zone: string): string {
  return `${day(new Date(at), zone, "es")}, ${clock(new Date(at), zone, "es")}`;
}

/** de 9:30 a 10:00, and with the days where there are two. */
function span(start: string, end: string, zone: string): string {
  const [since, until] = [new Date(start), new Date(end)];
  if (date(since, zone) === date(until, zone)) return `de ${clock(since, zone, "es")} a ${clock(until, zone, "es")}`;
  return `del ${instant(start, zone)} al ${instant(end, zone)}`;
}
