/** Endpoints and what was delivered to them; what may still change is asked about every two seconds. */

import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData, type UseInfiniteQueryResult, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type WebhookEndpoint = Schemas["EndpointOutput"];
export type WithSecret = Schemas["EndpointWithSecretOutput"];
export type WebhookDelivery = Schemas["DeliveryOutput"];
export type Attempt = Schemas["AttemptOutput"];
export type Status = WebhookDelivery["status"];

const POLLED_EVERY = 2000;
// Whoever looks at an endpoint sees what comes meanwhile, and that it was disabled.
const LOOKED_AT_EVERY = 15_000;
// What is tried again later than this is not waited for.
const SOON = 15_000;
const A_PAGE = 50;
const MOST = 200;

export function useEndpoints(): UseQueryResult<WebhookEndpoint[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["webhook-endpoints", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/webhook-endpoints", { params: { query: { cursor, limit: MOST } } })),
    staleTime: 0,
  });
}

export function useEndpoint(id: string): UseQueryResult<WebhookEndpoint> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["webhook-endpoint", practice.id, id],
    queryFn: () =>
      told(() => api.GET("/api/v2/webhook-endpoints/{webhook_endpoint_id}", { params: { path: { webhook_endpoint_id: id } } })),
    staleTime: 0,
    refetchInterval: LOOKED_AT_EVERY,
  });
}

/** Something about it changes within seconds. */
export function moving(delivery: WebhookDelivery, now: number): boolean {
  if (delivery.status === "leased") return true;
  return delivery.status === "pending" && delivery.nextAttemptAt !== null && Date.parse(delivery.nextAttemptAt) - now < SOON;
}

type Page = Schemas["DeliveryList"];

export function useDeliveries(endpointId: string, status: Status | ""): UseInfiniteQueryResult<InfiniteData<Page>> {
  const { practice } = useHere();
  return useInfiniteQuery({
    queryKey: ["webhook-deliveries", practice.id, endpointId, status],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) => {
      const query = { endpointId, cursor, limit: A_PAGE, order: "newest" as const, ...(status ? { status } : {}) };
      return told(() => api.GET("/api/v2/webhook-deliveries", { params: { query } }));
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.data.some((each) => moving(each, Date.now()))) ? POLLED_EVERY : LOOKED_AT_EVERY,
  });
}

/** The delivery of this event to this endpoint, from when the relay has seen it until no attempt follows soon. */
export function useDeliveryOf(endpointId: string, eventId: string): UseQueryResult<WebhookDelivery | null> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["webhook-delivery-of", practice.id, eventId],
    queryFn: async () => {
      const query = { endpointId, limit: MOST, order: "newest" as const };
      const newest = await told(() => api.GET("/api/v2/webhook-deliveries", { params: { query } }));
      return newest.data.find((delivery) => delivery.eventId === eventId) ?? null;
    },
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data && tried(state.data) && !moving(state.data, Date.now()) ? false : POLLED_EVERY,
  });
}

/** Whether an attempt has ended, one way or the other. */
export function tried(delivery: WebhookDelivery): boolean {
  return !["held", "leased"].includes(delivery.status) && (delivery.attempts > 0 || delivery.status !== "pending");
}

export function useAttempts(delivery: WebhookDelivery): UseQueryResult<Attempt[]> {
  const { practice } = useHere();
  const path = { delivery_id: delivery.deliveryId };
  return useQuery({
    queryKey: ["webhook-attempts", practice.id, delivery.deliveryId, delivery.attempts, delivery.status],
    queryFn: () =>
      all((cursor) =>
        api.GET("/api/v2/webhook-deliveries/{delivery_id}/attempts", { params: { path, query: { cursor, limit: MOST } } }),
      ),
    staleTime: 0,
  });
}

export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    const kinds = ["webhook-endpoints", "webhook-endpoint", "webhook-deliveries", "webhook-delivery-of", "dead-letters", "notices"];
    await Promise.all(kinds.map((kind) => queries.invalidateQueries({ queryKey: [kind, practice.id] })));
  };
}

/** An endpoint is no more: the list is asked for again, and nothing that a screen of the endpoint may still show. */
export function useForgotten(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    for (const kind of ["dead-letters", "notices"]) {
      void queries.invalidateQueries({ queryKey: [kind, practice.id], refetchType: "none" });
    }
    await queries.invalidateQueries({ queryKey: ["webhook-endpoints", practice.id] });
  };
}
