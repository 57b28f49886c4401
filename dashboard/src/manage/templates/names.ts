/** Names of kinds and channels; one that is newer than this program goes by its code. */

import type { useWords } from "../words";

type Words = ReturnType<typeof useWords>;

export const CHANNELS = ["sms", "email"] as const;

export function kindName(kind: string, t: Words["t"]): string {
  switch (kind) {
    case "booked":
    case "moved":
    case "reinstated":
    case "cancelled":
    case "reminder":
    case "waitlist_offer":
    case "waitlist_taken":
      return t(`template_${kind}`);
    default:
      return kind;
  }
}

export function channelName(channel: string, t: Words["t"]): string {
  return channel === "sms" || channel === "email" ? t(`template_${channel}`) : channel;
}
