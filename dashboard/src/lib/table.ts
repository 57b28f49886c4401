/** Tables as spreadsheet programs write them (RFC 4180), with commas, semicolons or tabs. */

/** Rows of cells; what is in quotes may hold separators and line ends. */
export function cells(text: string): string[][] {
  const separator = separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const ended = (): void => {
    row.push(cell.trim());
    cell = "";
  };
  const broken = (): void => {
    ended();
    if (row.some((each) => each !== "")) rows.push(row);
    row = [];
  };
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[++at];
      else quoted = false;
    } else if (letter === '"' && cell.trim() === "") {
      cell = "";
      quoted = true;
    } else if (letter === separator) ended();
    else if (letter === "\n") broken();
    else if (letter !== "\r" && letter !== "\ufeff") cell += letter;
  }
  broken();
  return rows;
}

/** Whichever the first line has most of; a single column has none. */
function separatorOf(text: string): string {
  const first = text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
  const count = (letter: string): number => first.split(letter).length;
  return [",", ";", "\t"].reduce((best, each) => (count(each) > count(best) ? each : best));
}
