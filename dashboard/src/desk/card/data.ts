/** What the patient's card shows; each part is asked for when it is opened, since looking is on record. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { all, answered, api, Refusal, told, type Appointment, type Patient, type Schemas } from "../../api/client";
import { etag, matching } from "../asShown";

export type Communication = Schemas["CommunicationOutput"];
export type Message = Schemas["MessageOutput"];
export type TrailEntry = Schemas["ActOutput"];
export type Copy = Schemas["CandidateOutput"];

// Of messages and of acts: the newest; who wants all of them asks the API.
const NEWEST = 50;
const MOST = 200;

/** Under `["patient", …]`, so that a change of the patient makes all of it stale. */
const keyOf = (practice: string, id: string, part: string): string[] => ["patient", practice, id, part];

export function useVisits(practice: string, id: string): UseQueryResult<Appointment[]> {
  return useQuery({
    queryKey: keyOf(practice, id, "visits"),
    queryFn: () =>
      all((cursor) =>
        api.GET("/api/v2/patients/{patient_id}/appointments", {
          params: { path: { patient_id: id }, query: { cursor, limit: MOST } },
        }),
      ),
    staleTime: 0,
  });
}

export function communicationKey(practice: string, id: string): string[] {
  return keyOf(practice, id, "communication");
}

/** With its tag, so that only what is shown is changed. */
export interface Wishes {
  told: Communication;
  tag: string;
}

export function useCommunication(practice: string, id: string | null): UseQueryResult<Wishes> {
  const params = { path: { patient_id: id ?? "" } };
  return useQuery({
    enabled: id !== null,
    queryKey: communicationKey(practice, id ?? ""),
    queryFn: async () => wishesOf(await answered(() => api.GET("/api/v2/patients/{patient_id}/communication", { params }))),
  });
}

/** Throws Refusal: 412 where somebody else has changed them meanwhile. */
export async function changeCommunication(
  { told: { patientId }, tag }: Wishes,
  body: Schemas["PatchedCommunicationInputRequest"],
): Promise<Wishes> {
  const params = { path: { patient_id: patientId } };
  const headers = matching(tag);
  return wishesOf(await answered(() => api.PATCH("/api/v2/patients/{patient_id}/communication", { params, headers, body })));
}

function wishesOf({ data, response }: { data: Communication | undefined; response: Response }): Wishes {
  if (!data) throw new Refusal(response.status, "unexpected", "", "");
  return { told: data, tag: etag(response) };
}

export function useMessages(practice: string, id: string): UseQueryResult<Message[]> {
  const params = { path: { patient_id: id }, query: { limit: NEWEST } };
  return useQuery({
    queryKey: keyOf(practice, id, "messages"),
    queryFn: async () => (await told(() => api.GET("/api/v2/patients/{patient_id}/messages", { params }))).data,
    staleTime: 0,
  });
}

/** Oldest first, as it is kept; the card turns it round. */
export function useTrail(practice: string, id: string): UseQueryResult<TrailEntry[]> {
  return useQuery({
    queryKey: keyOf(practice, id, "trail"),
    queryFn: () =>
      all((cursor) =>
        api.GET("/api/v2/patients/{patient_id}/audit", {
          params: { path: { patient_id: id }, query: { cursor, limit: MOST } },
        }),
      ),
    staleTime: 0,
  });
}

export function copiesKey(practice: string, id: string): string[] {
  return keyOf(practice, id, "copies");
}

export function useCopies(practice: string, patient: Patient): UseQueryResult<Copy[]> {
  const { firstName, lastName, dateOfBirth, phone } = patient;
  const body = { firstName, lastName, dateOfBirth, ...(phone ? { phone } : {}) };
  return useQuery({
    queryKey: copiesKey(practice, patient.id),
    queryFn: async () => {
      const { data } = await told(() => api.POST("/api/v2/patients/matches", { body }));
      return data.filter((each) => each.patient.id !== patient.id);
    },
    staleTime: 0,
  });
}

export function mergeInto(id: string, mergedPatientId: string, key: string): Promise<Schemas["PatientMergeOutput"]> {
  const params = { path: { patient_id: id }, header: { "X-Idempotency-Key": key } };
  return told(() => api.POST("/api/v2/patients/{patient_id}/merge", { params, body: { mergedPatientId } }));
}

export function undoMerge(mergeId: string): Promise<Schemas["PatientMergeOutput"]> {
  const params = { path: { merge_id: mergeId } };
  return told(() => api.POST("/api/v2/patient-merges/{merge_id}/undo", { params }));
}
