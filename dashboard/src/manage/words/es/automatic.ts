import type { automatic as english } from "../en/automatic";

export const automatic: Record<keyof typeof english, string> = {
  automatic: "Mensajes automáticos",
  automaticHint: "Lo que se envía a los pacientes sin que nadie haga nada. Sus palabras están en Mensajes a pacientes; nada se envía de 9 de la noche a 8.",
  remindersTitle: "Recordatorios",
  remindersHint: "Cada uno se envía una vez y se mueve con la cita. Lo que caería en la noche se envía por la mañana, o la tarde anterior si entonces es tarde.",
  noReminders: "No se recuerda a nadie.",
  reminderNumber: "Recordatorio {number}",
  hoursBefore: " h antes",
  removeReminder: "Quitar el recordatorio {number}",
  addReminder: "Añadir recordatorio",
  cutoff: "Los pacientes la cambian por sí mismos hasta",
  cutoffHint: "Más cerca de la cita, el enlace de su mensaje les pide que llamen.",
  offersTitle: "Horas que quedan libres",
  offersHint: "Se ofrecen por mensaje a unos pocos de quienes esperan una; la tiene quien primero diga SÍ, y se avisa a los demás.",
  offersActive: "Ofrecerlas por mensaje",
  offers_batchSize: "Pacientes a quienes se pregunta a la vez",
  offers_answerMinutes: "Minutos para responder, hasta preguntar a los siguientes",
  offers_leadHours: "Horas de antelación, al menos",
  automaticSaved: "Guardado.",
};
