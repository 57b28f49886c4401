/** Instants on the practice's clock, with their year: for what comes, or was, at any time. */

import { useHere } from "../here";
import { useWords } from "./words";

export function useMoment(): (instant: string | null | undefined) => string {
  const { practice } = useHere();
  const { language } = useWords();
  const format = new Intl.DateTimeFormat(language, { timeZone: practice.timeZone, dateStyle: "medium", timeStyle: "short" });
  return (instant) => (instant ? format.format(new Date(instant)) : "—");
}
