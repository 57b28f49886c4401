/** What the practice lets be sent by itself: reminders, and times that become free to who waits. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Reminders = Schemas["ReminderSettingsOutput"];
export type Offering = Schemas["WaitlistSettingsOutput"];

export function useReminders(): UseQueryResult<Reminders> {
  const { practice } = useHere();
  return useQuery({ queryKey: ["reminder-settings", practice.id], queryFn: () => told(() => api.GET("/api/v2/reminder-settings")) });
}

export function useOffering(): UseQueryResult<Offering> {
  const { practice } = useHere();
  return useQuery({ queryKey: ["waitlist-settings", practice.id], queryFn: () => told(() => api.GET("/api/v2/waitlist-settings")) });
}

/** After a change: what is shown the next time. */
export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    const stale = ["reminder-settings", "waitlist-settings"];
    await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name, practice.id] })));
  };
}

export async function writeReminders(body: Reminders): Promise<Reminders> {
  return told(() => api.PUT("/api/v2/reminder-settings", { body }));
}

export async function writeOffering(body: Offering): Promise<Offering> {
  return told(() => api.PUT("/api/v2/waitlist-settings", { body }));
}
