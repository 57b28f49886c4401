/** Bulk jobs: asked about every two seconds as long as something may still change. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Job = Schemas["BulkMessageJobOutput"];

const POLLED_EVERY = 2000;
const NEWEST = 50;

export function over(job: Job): boolean {
  return ["completed", "failed", "cancelled"].includes(job.status);
}

export function useJobs(): UseQueryResult<Job[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["bulk-jobs", practice.id],
    queryFn: async () => (await told(() => api.GET("/api/v2/bulk-jobs", { params: { query: { limit: NEWEST } } }))).data,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.every(over) === false ? POLLED_EVERY : false),
  });
}

export function useJob(id: string): UseQueryResult<Job> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["bulk-job", practice.id, id],
    queryFn: async () => {
      const path = { job_id: id };
      return (await told(() => api.GET("/api/v2/bulk-messages/{job_id}/status", { params: { path } }))) as Job;
    },
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data && over(state.data) ? false : POLLED_EVERY),
  });
}

export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["bulk-jobs", practice.id] }),
      queries.invalidateQueries({ queryKey: ["bulk-job", practice.id] }),
    ]);
  };
}

export async function failures(id: string): Promise<string> {
  const path = { job_id: id };
  return told(() => api.GET("/api/v2/bulk-messages/{job_id}/failures", { params: { path }, parseAs: "text" }));
}
