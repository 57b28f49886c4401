/** Reserved times and caps, as the API has them. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Block = Schemas["BlockOutput"];
export type NewBlock = Schemas["BlockInputRequest"];
export type BlockChange = Schemas["PatchedBlockChangeRequest"];
export type Cap = Schemas["CapOutput"];
export type NewCap = Schemas["CapInputRequest"];
export type Workspace = Schemas["WorkspaceOutput"];
export type Weekday = Block["weekdays"][number];

export const WEEKDAYS: Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const MOST = 200;

export function useBlocks(): UseQueryResult<Block[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["blocks", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/appointment-blocks", { params: { query: { cursor, limit: MOST } } })),
  });
}

export function useCaps(): UseQueryResult<Cap[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["caps", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/appointment-caps", { params: { query: { cursor, limit: MOST } } })),
  });
}

/** After a change: the lists, and what is offered. */
export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    await Promise.all(["blocks", "caps", "offers"].map((name) => queries.invalidateQueries({ queryKey: [name, practice.id] })));
  };
}

export async function addBlock(body: NewBlock, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/appointment-blocks", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function changeBlock(id: string, body: BlockChange): Promise<void> {
  await told(() => api.PATCH("/api/v2/appointment-blocks/{block_id}", { params: { path: { block_id: id } }, body }));
}

export async function removeBlock(id: string): Promise<void> {
  await told(() => api.DELETE("/api/v2/appointment-blocks/{block_id}", { params: { path: { block_id: id } } }));
}

export async function addCap(body: NewCap, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/appointment-caps", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function removeCap(id: string): Promise<void> {
  await told(() => api.DELETE("/api/v2/appointment-caps/{cap_id}", { params: { path: { cap_id: id } } }));
}
