/** The hours at which no patient is sent anything. */

import { minutes } from "../../lib/time.ts";

const QUIET_FROM = 21 * 60;
const QUIET_UNTIL = 8 * 60;

/** On the practice's clock. */
export function isQuiet(now: Date, zone: string): boolean {
  const there = minutes(now, zone);
  return there >= QUIET_FROM || there < QUIET_UNTIL;
}
