/** What is left open in a sentence. */

export type Values = Record<string, string | number>;

/** The sentence with its {names} replaced; what has no value stays as it is. */
export function fill(sentence: string, values: Values): string {
  return sentence.replace(/{(\w+)}/g, (whole, name: string) => String(values[name] ?? whole));
}
