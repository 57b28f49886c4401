/** A chosen file's text, or what keeps it from being read, told before anything is sent. */

export type Problem = "empty" | "workbook" | "notText" | "encoding" | "tooLarge" | "unreadable";
export type Content = { content: string; problem: null } | { content: null; problem: Problem };

/** The API takes no larger request; what stands around the text is small. */
export const MOST_BYTES = 4 * 1024 * 1024;
const AROUND = 1024;

// How .xlsx (a zip), .xls and .pdf begin.
const WORKBOOKS = [
  [0x50, 0x4b, 0x03, 0x04],
  [0xd0, 0xcf, 0x11, 0xe0],
];
const PDF = [0x25, 0x50, 0x44, 0x46];
// As some spreadsheet programs write "Unicode text".
const UTF_16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

export function textOf(bytes: Uint8Array): Content {
  const begins = (mark: number[]): boolean => mark.every((byte, at) => bytes[at] === byte);
  if (bytes.length === 0) return not("empty");
  if (WORKBOOKS.some(begins)) return not("workbook");
  if (bytes.length > MOST_BYTES) return not("tooLarge");
  if (UTF_16.some(begins)) return not("encoding");
  if (begins(PDF) || bytes.includes(0)) return not("notText");
  const content = decoded(bytes);
  // Where a program put this, letters were lost before.
  if (content === null || content.includes("\ufffd")) return not("encoding");
  if (content.trim() === "") return not("empty");
  return sent(content) > MOST_BYTES - AROUND ? not("tooLarge") : { content, problem: null };
}

function not(problem: Problem): Content {
  return { content: null, problem };
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** How long the text is in a request: quotes and line ends take two bytes there. */
function sent(content: string): number {
  return new TextEncoder().encode(JSON.stringify(content)).length;
}
