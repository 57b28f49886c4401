/** What an entry wishes, in a line. */

import type { Names } from "../names";
import type { Translate } from "../words";
import type { Entry } from "./cascade";

export function wishesOf(entry: Entry, names: Names, t: Translate): string {
  const parts = [
    ...(entry.appointmentId && entry.status !== "booked" ? [t("earlierThanBooked")] : []),
    ...entry.practitionerIds.map((id) => names.practitioner.get(id) ?? ""),
    ...entry.locationIds.map((id) => names.location.get(id) ?? ""),
    ...(entry.weekdays.length > 0 ? [entry.weekdays.map((each) => t(`weekday_${each}`)).join(", ")] : []),
    ...(entry.partOfDay ? [t(`part_${entry.partOfDay}`)] : []),
    ...(entry.fromDate ? [t("fromDay", { day: entry.fromDate })] : []),
    ...(entry.untilDate ? [t("untilDay", { day: entry.untilDate })] : []),
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join(" · ") : t("anyTime");
}
