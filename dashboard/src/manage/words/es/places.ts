import type { places as english } from "../en/places";

export const places: Record<keyof typeof english, string> = {
  places: "Sedes",
  placesHint: "Donde se atiende a los pacientes. Los horarios se entienden según el reloj de su sede.",
  noPlaces: "Todavía no hay sedes, así que nadie puede tener horario. Añada la primera arriba.",
  addPlace: "Añadir sede",
  placeName: "Nombre",
  placeAddress: "Dirección",
  placePhone: "Teléfono",
  placePhoneHint: "Con +, país y número, como +1 212 555 0123. Vacío: el del consultorio.",
  placePhoneRefused: "Empiece con + y el país, como +1 212 555 0123.",
  placeZone: "Zona horaria",
  placeZoneHint: "Otra zona lleva las horas libres al nuevo reloj. Lo reservado y las ausencias quedan en su momento.",
  placeZoneRefused: "Elija una zona de la lista, como America/New_York.",
  inUsePlaceHint: "Fuera de uso, sus horas libres se cierran. Antes mueva o cancele lo reservado allí.",
  placeInUse: "No se ha cerrado: citas pendientes allí: {count}. Muévalas o cancélelas antes.",
  placeHeld: "No se ha cerrado: alguien retiene una hora allí. Inténtelo de nuevo en unos minutos.",
  thenHoursThere: "Después asigne horarios allí a los profesionales, para que se les pueda reservar.",
};
