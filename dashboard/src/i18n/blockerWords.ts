/** What stands against a time, in sentences: of each code, the one that says most first. */

import type { Blocker } from "../api/client";
import type { Language } from "./index.tsx";

export interface Spoken {
  /** The first of which all is known is said. */
  say: string[];
  /** And each of these of which all is known. */
  more?: string[];
}

type Words = Record<Blocker["code"], Spoken>;

const en: Words = {
  past: { say: ["That time has passed"] },
  beyond_horizon: { say: ["The calendar is open until {lastDay}", "The calendar is not open for that day yet"] },
  too_soon: { say: ["Call the practice for a time before {until}", "It is too soon: call the practice"] },
  too_far_ahead: { say: ["Call the practice for a time from {since} on", "It is too far ahead: call the practice"] },
  practitioner_inactive: { say: ["{practitioner} does not see patients any more", "The practitioner does not see patients any more"] },
  location_inactive: { say: ["Patients are not seen at {location} any more", "Patients are not seen there any more"] },
  audience: {
    say: [
      "{forNew} is for new patients",
      "{forReturning} is for patients who have been here before",
      "This type of appointment is not for this patient",
    ],
  },
  closed: { say: ["Closed until {until}", "Closed"] },
  time_off: { say: ["{practitioner} is away until {until}", "The practitioner is away until {until}", "The practitioner is away"] },
  not_in: {
    say: [
      "{practitioner} is not in on {weekdays}",
      "{practitioner} is in {hours} on {day}",
      "{practitioner} is not in on {day}",
      "The practitioner is not in then",
    ],
  },
  too_short: { say: ["{minutes} min short: the hours are {span}", "It does not fit into the hours, {span}", "It does not fit into the hours"] },
  off_grid: { say: ["Appointments begin at {starts}", "No appointment begins at that time"] },
  taken: { say: ["Taken {span}", "Taken"] },
  buffer: { say: ["Too close to the appointment {other}", "Too close to another appointment, which with its preparation is {span}", "Too close to another appointment"] },
  held: { say: ["Held {span} by {heldBy}", "Held {span}", "Held"] },
  blocked: { say: ["Blocked {span}", "Blocked"] },
  resource: { say: ["No {resource} is free {span}", "A room or a device that it needs is not free {span}", "A room or a device that it needs is not free"] },
  block: {
    say: ["Reserved for “{block}” {span}", "Reserved for other appointments {span}", "Reserved for other appointments"],
    more: ["{beenHere}; this patient has been here before", "; free to others from {freeFrom} on"],
  },
  cap: {
    say: [
      "{type}: no more than {most} a day of {practitioner} at {location}, and {day} has them",
      "{type}: no more than {most} a day of {practitioner}, and {day} has them",
      "{type}: no more than {most} a day at {location}, and {day} has them",
      "{type}: no more than {most} a day, and {day} has them",
      "No more of this type are taken on that day",
    ],
  },
};

const es: Words = {
  past: { say: ["Esa hora ya pasó"] },
  beyond_horizon: { say: ["El calendario está abierto hasta el {lastDay}", "El calendario todavía no está abierto para esa fecha"] },
  too_soon: { say: ["Para una hora antes del {until} hay que llamar al consultorio", "Falta muy poco: hay que llamar al consultorio"] },
  too_far_ahead: { say: ["Desde el {since} hay que llamar al consultorio", "Es con demasiada antelación: hay que llamar al consultorio"] },
  practitioner_inactive: { say: ["{practitioner} ya no atiende a pacientes", "El profesional ya no atiende a pacientes"] },
  location_inactive: { say: ["En {location} ya no se atiende a pacientes", "En esa sede ya no se atiende a pacientes"] },
  audience: {
    say: [
      "{forNew} es solo para pacientes nuevos",
      "{forReturning} es solo para pacientes que ya han venido",
      "Este tipo de cita no es para este paciente: es solo para nuevos, o solo para conocidos",
    ],
  },
  closed: { say: ["Está cerrado hasta el {until}", "Está cerrado"] },
  time_off: { say: ["{practitioner} no está hasta el {until}", "El profesional está ausente hasta el {until}", "El profesional está ausente"] },
  not_in: {
    say: [
      "{practitioner} no atiende los {weekdays}",
      "{practitioner} atiende {hours} el {day}",
      "{practitioner} no atiende el {day}",
      "El profesional no atiende a esa hora de ese día",
    ],
  },
  too_short: { say: ["Faltan {minutes} min: el horario va {span}", "La cita no cabe en el horario, que va {span}", "La cita no cabe en el horario"] },
  off_grid: { say: ["Las citas empiezan a las {starts}", "Las citas no empiezan a esa hora: elija una de las del calendario"] },
  taken: { say: ["Ocupada {span}", "Ocupada"] },
  buffer: { say: ["Demasiado cerca de la cita {other}", "Demasiado cerca de otra cita, que con su preparación va {span}", "Demasiado cerca de otra cita"] },
  held: { say: ["Retenida {span} por {heldBy}", "Retenida {span} para otra persona", "Retenida para otra persona"] },
  blocked: { say: ["Bloqueada {span}", "Bloqueada"] },
  resource: {
    say: [
      "No hay libre {span}: {resource}",
      "No hay libre {span} ninguna sala o equipo de los que hacen falta",
      "No hay libre ninguna sala o equipo de los que hacen falta",
    ],
  },
  block: {
    say: ["Reservada para «{block}» {span}", "Reservada para otras citas {span}", "Reservada para otras citas"],
    more: ["{beenHere}; este paciente ya ha venido antes", "; libre para todos desde el {freeFrom}"],
  },
  cap: {
    say: [
      "{type}: no más de {most} al día de {practitioner} en {location}, y el {day} ya los tiene",
      "{type}: no más de {most} al día de {practitioner}, y el {day} ya los tiene",
      "{type}: no más de {most} al día en {location}, y el {day} ya los tiene",
      "{type}: no más de {most} al día, y el {day} ya los tiene",
      "Ese día ya no se toman más citas de este tipo",
    ],
  },
};

export const BLOCKERS: Record<Language, Words> = { en, es };
