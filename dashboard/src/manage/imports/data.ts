/** Files that were handed in: asked about every two seconds as long as one is on its way. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect } from "react";

import { api, told, type Schemas } from "../../api/client";
import { surely } from "../../desk/surely";
import { useHere } from "../../here";

export type Import = Schemas["ImportOutput"];
export type ImportDetail = Schemas["ImportDetailOutput"];
export type Wish = Required<Schemas["ImportInputRequest"]>;

const POLLED_EVERY = 2000;
const NEWEST = 50;
const TAKEN_OVER = ["patients", "working-hours", "workspace", "slots", "week", "offers"];

export function over(job: Import): boolean {
  return job.status === "completed" || job.status === "failed";
}

export function useImports(): UseQueryResult<Import[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["imports", practice.id],
    queryFn: async () => (await told(() => api.GET("/api/v2/imports", { params: { query: { limit: NEWEST } } }))).data,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.every(over) === false ? POLLED_EVERY : false),
  });
}

export function useImport(id: string | null): UseQueryResult<ImportDetail> {
  const { practice } = useHere();
  return useQuery({
    enabled: id !== null,
    queryKey: ["import", practice.id, id],
    queryFn: () => told(() => api.GET("/api/v2/imports/{import_id}", { params: { path: { import_id: id ?? "" } } })),
    refetchInterval: ({ state }) => (state.data && over(state.data) ? false : POLLED_EVERY),
  });
}

/** Once a file is taken over, whatever shows what came of it is asked for anew. */
export function useTakenOver(job: Import | undefined): void {
  const { practice } = useHere();
  const queries = useQueryClient();
  const status = job?.status;
  const dryRun = job?.dryRun;
  useEffect(() => {
    const stale = status === "completed" && dryRun === false ? TAKEN_OVER : [];
    for (const name of ["imports", ...stale]) void queries.invalidateQueries({ queryKey: [name, practice.id] });
  }, [status, dryRun, practice.id, queries]);
}

export function handIn(body: Wish, key: string): Promise<ImportDetail> {
  const params = { header: { "X-Idempotency-Key": key } };
  return surely(() => told(() => api.POST("/api/v2/imports", { params, body })));
}

/** All that is wrong with its lines, as a spreadsheet. */
export function refusedLines(id: string): Promise<string> {
  const path = { import_id: id };
  return told(() => api.GET("/api/v2/imports/{import_id}/errors.csv", { params: { path }, parseAs: "text" }));
}
