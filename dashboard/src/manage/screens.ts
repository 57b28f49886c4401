/** The screens of the manager's room, and who has them. The API decides; this only spares people what it would refuse. */

import type { RoomKey } from "./words/en";

export interface ScreenOf {
  to:
    | "/manage/texts"
    | "/manage/reports"
    | "/manage/hours"
    | "/manage/blocks"
    | "/manage/templates"
    | "/manage/visits"
    | "/manage/protocols"
    | "/manage/types"
    | "/manage/rooms"
    | "/manage/people"
    | "/manage/subscription"
    | "/manage/notices"
    | "/manage/webhooks"
    | "/manage/dead-letters"
    | "/manage/clients";
  name: RoomKey;
  /** Agents have it, too. */
  agents?: true;
}

export const SCREENS: ScreenOf[] = [
  { to: "/manage/texts", name: "texts", agents: true },
  { to: "/manage/visits", name: "visits", agents: true },
  { to: "/manage/templates", name: "templates" },
  { to: "/manage/protocols", name: "protocols" },
  { to: "/manage/reports", name: "reports" },
  { to: "/manage/hours", name: "hours" },
  { to: "/manage/blocks", name: "blocks" },
  { to: "/manage/types", name: "types" },
  { to: "/manage/rooms", name: "rooms" },
  { to: "/manage/people", name: "people" },
  { to: "/manage/subscription", name: "subscription" },
  { to: "/manage/notices", name: "notices" },
  { to: "/manage/webhooks", name: "webhooks" },
  { to: "/manage/dead-letters", name: "deadLetters" },
  { to: "/manage/clients", name: "clients" },
];

export function screensOf(role: string): ScreenOf[] {
  if (role === "practice_manager") return SCREENS;
  return role === "scheduling_agent" ? SCREENS.filter((screen) => screen.agents) : [];
}
