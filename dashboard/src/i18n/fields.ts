/** What is wrong with a field, in Spanish: the server says it in English and without a code, so that the sentence is the key. */

import { fill } from "./filling.ts";
import type { Language } from "./index.tsx";

/** Of each member of the body all that is wrong with it; its own sentence where there is no other. */
export function fieldsTold(wrong: Record<string, string[]>, language: Language): Record<string, string> {
  const told = Object.entries(wrong).map(([name, sentences]) => [name, sentences.map((each) => fieldTold(each, language)).join(" ")]);
  return Object.fromEntries(told) as Record<string, string>;
}

function fieldTold(sentence: string, language: Language): string {
  if (language !== "es") return sentence;
  for (const [pattern, spanish] of PATTERNS) {
    const found = pattern.exec(sentence);
    if (found) return fill(spanish, found.groups ?? {});
  }
  return sentence;
}

const FIELDS: Record<string, string> = {
  "This field is required.": "Falta este dato.",
  "This field may not be blank.": "No puede quedar vacío.",
  "This field may not be null.": "No puede quedar vacío.",
  "Not a valid string.": "Debe ser un texto.",
  "Null characters are not allowed.": "No se admiten caracteres nulos.",
  "Ensure this field has no more than {max_length} characters.": "Debe tener como máximo {max_length} caracteres.",
  "Ensure this field has at least {min_length} characters.": "Debe tener al menos {min_length} caracteres.",
  '"{input}" is not a valid choice.': "«{input}» no es una de las opciones.",
  "Date has wrong format. Use one of these formats instead: {format}.": "La fecha no es válida. Escríbala así: {format}.",
  "Expected a date but got a datetime.": "Debe ser una fecha sin hora.",
  "Time has wrong format. Use one of these formats instead: {format}.": "La hora no es válida. Escríbala así: {format}.",
  "A valid integer is required.": "Debe ser un número entero.",
  "A valid number is required.": "Debe ser un número.",
  "Ensure this value is less than or equal to {max_value}.": "Debe ser como máximo {max_value}.",
  "Ensure this value is greater than or equal to {min_value}.": "Debe ser como mínimo {min_value}.",
  "String value too large.": "Es demasiado largo.",
  "Integer value too large to convert to float": "El número es demasiado grande.",
  "Must be a valid boolean.": "Debe ser sí o no.",
  'Expected a list of items but got type "{input_type}".': "Debe ser una lista.",
  "This list may not be empty.": "La lista no puede quedar vacía.",
  "Ensure this field has at least {min_length} elements.": "Debe haber al menos {min_length}.",
  "Ensure this field has no more than {max_length} elements.": "Debe haber como máximo {max_length}.",
  "Enter a valid email address.": "Escriba una dirección de correo válida.",
  "This value does not match the required pattern.": "No tiene la forma que hace falta.",
  'Expected a dictionary of items but got type "{input_type}".': "No tiene la forma que hace falta.",
  "This dictionary may not be empty.": "No puede quedar vacío.",
  "Value must be valid JSON.": "Debe ser JSON válido.",
  "Invalid data. Expected a dictionary, but got {datatype}.": "No tiene la forma que hace falta.",
  "This password is too short. It must contain at least {min_length} characters.": "La contraseña es demasiado corta: debe tener al menos {min_length} caracteres.",
  "This password is too common.": "Esta contraseña es demasiado común.",
  "Unknown member": "Este dato no se conoce aquí.",
  "Give an RFC 3339 instant with its offset, such as 2026-04-24T10:00:00-04:00": "Escriba el momento con su zona, como 2026-04-24T10:00:00-04:00.",
  "A birth date is not in the future": "Una fecha de nacimiento no está en el futuro.",
  "Give a phone number such as +12125550123": "Escriba un número de teléfono como +12125550123.",
  "Give the number as +, country and number: +12125550123": "Escriba el número con + y país: +12125550123.",
  "A number such as +12125550123": "Un número como +12125550123.",
  "Not a time zone of the IANA database, such as America/New_York": "No es una zona horaria, como America/New_York.",
  "Nothing to change": "No hay nada que cambiar.",
  "No such type of appointment": "No existe este tipo de cita.",
  "No such reason": "No existe este motivo.",
  "No such relationship": "No existe este parentesco.",
  "No such choice": "No es una de las opciones.",
  "Say why nothing was booked": "Diga por qué no se reservó nada.",
  "Not before `fromDate`": "No puede ser antes del primer día.",
  "Not a booked appointment of this patient and type": "No es una cita reservada de este paciente y este tipo.",
  "An appointment cannot change places with itself": "Una cita no puede cambiarse por sí misma.",
  "Say for whom: several patients have this number": "Diga a quién: varios pacientes tienen este número.",
  "No patient has this number now": "Ningún paciente tiene ahora este número.",
  "This is no address": "Esto no es una dirección.",
  "Only https is served": "Solo se admite https.",
  "No name and password in the address": "La dirección no puede llevar nombre ni contraseña.",
  "No fragment in the address": "La dirección no puede llevar fragmento.",
  "A full name in DNS, not a number or a short name": "Un nombre completo en DNS, no un número ni un nombre corto.",
  "Port 443 or 8443": "Puerto 443 u 8443.",
  "The name is not known to DNS": "DNS no conoce este nombre.",
  "The name leads to an address that is not public": "El nombre lleva a una dirección que no es pública.",
  "Send one certificate as PEM": "Envíe un certificado en PEM.",
  "The certificate has expired": "El certificado está vencido.",
};

const PATTERNS = Object.entries(FIELDS).map(([english, spanish]) => [patternOf(english), spanish] as const);

/** With its {names} for whatever stands there. */
function patternOf(english: string): RegExp {
  const literally = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literally.replace(/{(\w+)}/g, "(?<$1>.+)")}$`, "s");
}
