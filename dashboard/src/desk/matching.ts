/** Commands by what is typed: every word of it somewhere in the name, accents and case aside. */

export function matching<T extends { name: string }>(commands: T[], text: string): T[] {
  const words = plain(text).split(/\s+/).filter(Boolean);
  return commands.filter((command) => words.every((word) => plain(command.name).includes(word)));
}

function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
