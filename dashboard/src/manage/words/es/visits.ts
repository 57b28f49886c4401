import type { visits as english } from "../en/visits";

export const visits: Record<keyof typeof english, string> = {
  visits: "Visitas a domicilio",
  visitsHint: "Profesionales que hoy van a casa de sus pacientes. Dónde están lo dicen sus propios dispositivos mientras van de camino.",
  visitsNone: "Hoy no hay visitas a domicilio. Una cita lo es cuando se planifica su visita; entonces se ve aquí a su profesional.",
  visitsNumber: "N.º",
  visitsStart: "Cita",
  visitsEta: "Llega en",
  visitsSeen: "Última señal",
  visits_planned: "Planificada",
  visits_under_way: "En camino",
  visits_arrived: "Ha llegado",
  visits_done: "Terminada",
  visitsNoPosition: "Nadie ha comunicado aún su posición: llega cuando un profesional se pone en camino.",
  visitsPlan: "Plano de dónde están los profesionales, con el norte arriba: {names}",
  visitsMiles: "{miles} mi",
  visitsNorth: "N",
  visitsPolling: "Las posiciones están interrumpidas; la lista se mantiene al día",
};
