/** Instants on the practice's clock, short enough for a table. */

import { useHere } from "../here";
import { useWords } from "./words";

export function useWhen(): (instant: string | null | undefined) => string {
  const { practice } = useHere();
  const { language } = useWords();
  const format = new Intl.DateTimeFormat(language, {
    timeZone: practice.timeZone,
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    second: "2-digit",
  });
  return (instant) => (instant ? format.format(new Date(instant)) : "—");
}
