/** Days of the week as people say them. */

/** Monday – Friday; those that do not follow one another in the week, each by its name. */
export function days<Day>(week: readonly Day[], chosen: readonly Day[], called: (day: Day) => string): string {
  const found = week.filter((day) => chosen.includes(day));
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined) return "";
  const follow = week.indexOf(last) - week.indexOf(first) === found.length - 1;
  return follow && found.length > 2 ? `${called(first)} – ${called(last)}` : found.map(called).join(", ");
}
