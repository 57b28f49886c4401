/** How many text messages a text is, as carriers count (GSM 03.38); the server counts the same when it previews. */

const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
  "¿abcdefghijklmnopqrstuvwxyzäöñüà";
// Each takes the place of two.
const EXTENDED = "\f^{}\\[~]|€";

export interface Length {
  encoding: "GSM-7" | "UCS-2";
  units: number;
  segments: number;
}

export function lengthOf(text: string): Length {
  const letters = [...text];
  if (letters.every((letter) => BASIC.includes(letter) || EXTENDED.includes(letter))) {
    const units = letters.length + letters.filter((letter) => EXTENDED.includes(letter)).length;
    return { encoding: "GSM-7", units, segments: cut(units, 160, 153) };
  }
  return { encoding: "UCS-2", units: text.length, segments: cut(text.length, 70, 67) };
}

/** Parts of a long text say how they are joined, which takes room. */
function cut(units: number, alone: number, joined: number): number {
  return units <= alone ? 1 : Math.ceil(units / joined);
}
