/** Programs of partners that use the API in the practice's name. */

import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type ApiClient = Schemas["ClientOutput"];
export type WithSecret = Schemas["ClientWithSecretOutput"];
export type Scope = Schemas["ClientInputRequest"]["scopes"][number];
export type Fields = Schemas["ClientInputRequest"];

// In the order in which people ask for them. A scope that the API grants and this lacks does not compile.
const GRANTED = {
  "appointments:read": true,
  "appointments:write": true,
  "patients:read": true,
  "patients:write": true,
  "reference:read": true,
  "messages:read": true,
  "messages:write": true,
  "analytics:read": true,
  "webhooks:manage": true,
} satisfies Record<Scope, true>;
export const SCOPES = Object.keys(GRANTED) as Scope[];

const MOST = 200;

export function useClients(): UseQueryResult<ApiClient[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["api-clients", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/api-clients", { params: { query: { cursor, limit: MOST } } })),
    staleTime: 0,
  });
}

export function useClient(id: string): UseQueryResult<ApiClient> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["api-client", practice.id, id],
    queryFn: () => told(() => api.GET("/api/v2/api-clients/{client_id}", { params: { path: { client_id: id } } })),
    staleTime: 0,
  });
}

/** A change of a client, after which everything that shows it is asked for anew. */
export function useChange<Given, Made>(act: (given: Given) => Promise<Made>): UseMutationResult<Made, Error, Given> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () =>
      Promise.all(["api-clients", "api-client"].map((kind) => queries.invalidateQueries({ queryKey: [kind, practice.id] }))),
  });
}

export function create(body: Fields): Promise<WithSecret> {
  return told(() => api.POST("/api/v2/api-clients", { body }));
}

export function update(id: string, body: Fields): Promise<ApiClient> {
  return told(() => api.PATCH("/api/v2/api-clients/{client_id}", { params: { path: { client_id: id } }, body }));
}

export function rotate(id: string, overlapSeconds: number): Promise<WithSecret> {
  const params = { path: { client_id: id } };
  return told(() => api.POST("/api/v2/api-clients/{client_id}/rotate-secret", { params, body: { overlapSeconds } }));
}

export function revoke(id: string): Promise<ApiClient> {
  return told(() => api.POST("/api/v2/api-clients/{client_id}/revoke", { params: { path: { client_id: id } } }));
}

export function addCertificate(id: string, certificate: string): Promise<ApiClient> {
  const params = { path: { client_id: id } };
  return told(() => api.POST("/api/v2/api-clients/{client_id}/certificates", { params, body: { certificate } }));
}

export function revokeCertificate(id: string, thumbprint: string): Promise<ApiClient> {
  const params = { path: { client_id: id } };
  return told(() => api.POST("/api/v2/api-clients/{client_id}/certificates/revoke", { params, body: { thumbprint } }));
}
