/** The call that is open, from the number that rings to how it ended. */

import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";

import { api, during, Refusal, told, type OpenedCall } from "../api/client";
import type { Outcome } from "./Caller";
import { openCall } from "./data";

interface Told {
  /** Whoever looks is on the phone. */
  mayCall: boolean;
  /** Before a call is opened: nothing of the last one stays. */
  forget: () => void;
  /** A caller whose number is nobody's. */
  unknown: () => void;
  ended: () => void;
}

export interface CallState {
  call: OpenedCall | null;
  ending: boolean;
  end: (ending: boolean) => void;
  /** What was done last. */
  did: Outcome;
  note: (did: Outcome) => void;
  /** What is wrong with the number. */
  wrongNumber: string;
  problem: unknown;
  start: (callerNumber: string) => Promise<void>;
  over: () => void;
}

export function useCall({ mayCall, forget, unknown, ended }: Told): CallState {
  const [call, setCall] = useState<OpenedCall | null>(null);
  const [ending, end] = useState(false);
  const [did, note] = useState<Outcome>("information");
  const [wrongNumber, refuseNumber] = useState("");
  const [problem, fail] = useState<unknown>(null);

  const answering = useCallback((opened: OpenedCall | null) => {
    during(opened?.callId ?? null);
    setCall(opened);
  }, []);
  useEffect(() => {
    // Whoever reloads the page is still on the phone.
    if (mayCall) openCall().then((left) => left && answering({ ...left, candidates: [] }), fail);
    return () => during(null);
  }, [mayCall, answering]);

  const opening = useRef(false);
  async function start(callerNumber: string): Promise<void> {
    // The second Enter would open another call, without the number.
    if (opening.current) return;
    opening.current = true;
    forget();
    refuseNumber("");
    fail(null);
    note("information");
    try {
      const opened = await told(() => api.POST("/api/v2/calls", { body: callerNumber ? { callerNumber } : {} }));
      flushSync(() => answering(opened));
      // Otherwise the first who may be calling has the focus.
      if (opened.candidates.length === 0) unknown();
    } catch (refused) {
      const errors = refused instanceof Refusal ? (refused.members["errors"] as { detail: string }[] | undefined) : [];
      if (errors?.[0]) refuseNumber(errors[0].detail);
      else fail(refused);
    } finally {
      opening.current = false;
    }
  }

  function over(): void {
    end(false);
    answering(null);
    ended();
  }
  return { call, ending, end, did, note, wrongNumber, problem, start, over };
}
