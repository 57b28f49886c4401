/** Members and practitioners, also those who are active no more. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Member = Schemas["MemberOutput"];
export type NewMember = Schemas["MemberInputRequest"];
export type MemberChange = Schemas["PatchedMemberChangeRequest"];
export type Practitioner = Schemas["PractitionerV2Output"];
export type NewPractitioner = Schemas["PractitionerInputRequest"];
export type PractitionerChange = Schemas["PatchedPractitionerChangeRequest"];
export type PractitionerChanged = Schemas["PractitionerChangedOutput"];

export const ROLES: Member["role"][] = ["scheduling_agent", "practitioner", "practice_manager"];

const MOST = 200;

export function useMembers(): UseQueryResult<Member[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["members", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/members", { params: { query: { cursor, limit: MOST } } })),
  });
}

export function usePractitioners(): UseQueryResult<Practitioner[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["practitioners", practice.id],
    queryFn: () =>
      all((cursor) => api.GET("/api/v2/practitioners", { params: { query: { status: "all", cursor, limit: MOST } } })),
  });
}

/** After a change: the lists here, and what the desk knows of the practice. */
export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    const stale = ["members", "practitioners", "workspace", "slots", "week", "offers"];
    await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name, practice.id] })));
  };
}

export async function addMember(body: NewMember, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/members", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function changeMember(id: string, body: MemberChange): Promise<void> {
  await told(() => api.PATCH("/api/v2/members/{member_id}", { params: { path: { member_id: id } }, body }));
}

export async function inviteAgain(id: string): Promise<void> {
  await told(() => api.POST("/api/v2/members/{member_id}/invite", { params: { path: { member_id: id } } }));
}

export async function addPractitioner(body: NewPractitioner, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/practitioners", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function changePractitioner(id: string, body: PractitionerChange): Promise<PractitionerChanged> {
  const path = { practitioner_id: id };
  return told(() => api.PATCH("/api/v2/practitioners/{practitioner_id}", { params: { path }, body }));
}
