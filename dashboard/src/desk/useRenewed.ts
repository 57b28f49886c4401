/** What is done for the patient on the desk changes what is known of them, their next visit first of all. */

import { useCallback, useRef } from "react";

import { api, told, type Patient } from "../api/client";

export function useRenewed(patient: Patient | null, choose: (patient: Patient) => void): () => void {
  const latest = useRef(patient);
  latest.current = patient;
  return useCallback(() => {
    const before = latest.current;
    if (!before) return;
    const path = { patient_id: before.id };
    void told(() => api.GET("/api/v2/patients/{patient_id}", { params: { path } })).then(
      // Somebody else may be on the desk by now.
      (found) => latest.current === before && choose(found),
      // Nobody asked for it: what is shown stays.
      () => undefined,
    );
  }, [choose]);
}
