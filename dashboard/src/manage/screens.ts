/** The screens of the manager's room, and who has them. The API decides; this only spares people what it would refuse. */

import type { RoomKey } from "./words/en";

export interface ScreenOf {
  to:
    | "/manage/texts"
    | "/manage/reports"
    | "/manage/hours"
    | "/manage/blocks"
    | "/manage/templates"
    | "/manage/automatic"
    | "/manage/visits"
    | "/manage/protocols"
    | "/manage/types"
    | "/manage/locations"
    | "/manage/rooms"
    | "/manage/people"
    | "/manage/access"
    | "/manage/subscription"
    | "/manage/notices"
    | "/manage/webhooks"
    | "/manage/dead-letters"
    | "/manage/clients"
    | "/manage/feeds"
    | "/manage/imports";
  name: RoomKey;
  /** Agents have it, too. */
  agents?: true;
}

export interface GroupOf {
  name: RoomKey;
  screens: ScreenOf[];
}

/** By what somebody comes for, the daily things first. */
export const GROUPS: GroupOf[] = [
  {
    name: "groupPatients",
    screens: [
      { to: "/manage/texts", name: "texts", agents: true },
      { to: "/manage/visits", name: "visits", agents: true },
      { to: "/manage/templates", name: "templates" },
      { to: "/manage/automatic", name: "automatic" },
    ],
  },
  {
    name: "groupSchedule",
    screens: [
      { to: "/manage/hours", name: "hours" },
      { to: "/manage/blocks", name: "blocks" },
      { to: "/manage/types", name: "types" },
      { to: "/manage/locations", name: "places" },
      { to: "/manage/rooms", name: "rooms" },
      { to: "/manage/protocols", name: "protocols" },
    ],
  },
  {
    name: "groupPractice",
    screens: [
      { to: "/manage/reports", name: "reports" },
      { to: "/manage/people", name: "people" },
      { to: "/manage/imports", name: "imports" },
      { to: "/manage/access", name: "comings" },
      { to: "/manage/notices", name: "notices" },
      { to: "/manage/subscription", name: "subscription" },
    ],
  },
  {
    name: "groupPrograms",
    screens: [
      { to: "/manage/webhooks", name: "webhooks" },
      { to: "/manage/dead-letters", name: "deadLetters" },
      { to: "/manage/clients", name: "clients" },
      { to: "/manage/feeds", name: "feeds" },
    ],
  },
];

/** What the role has, without groups that it has nothing of. */
export function groupsOf(role: string): GroupOf[] {
  if (role === "practice_manager") return GROUPS;
  if (role !== "scheduling_agent") return [];
  return GROUPS.map((group) => ({ ...group, screens: group.screens.filter((screen) => screen.agents) })).filter(
    (group) => group.screens.length > 0,
  );
}

export function screensOf(role: string): ScreenOf[] {
  return groupsOf(role).flatMap((group) => group.screens);
}
