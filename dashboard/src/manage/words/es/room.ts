import type { room as english } from "../en/room";

export const room: Record<keyof typeof english, string> = {
  menu: "Pantallas",
  room: "Consultorio",
  skip: "Ir al contenido",
  desk: "Escritorio",
  noRole: "Su función no incluye esto. Pida ayuda a un gerente del consultorio.",
  more: "Mostrar más",
  refresh: "Actualizar",
  download: "Descargar CSV",
  downloadFailures: "Descargar fallos como CSV",
  groupPatients: "Pacientes",
  groupSchedule: "Agenda",
  groupPractice: "Consultorio",
  groupPrograms: "Conexiones",
};
