/** Going to another practice: what is refused, or does not get through, is told wherever one is. */

import { Refusal, refusal } from "./api/client";
import { session } from "./session";

export interface NotSwitched {
  practice: string;
  error: Refusal;
}

let failed: NotSwitched | null = null;
const listeners = new Set<() => void>();

export const notSwitched = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  now: (): NotSwitched | null => failed,
  forget: (): void => tell(null),
};

export async function switchTo(practice: string): Promise<void> {
  tell(null);
  try {
    const refused = await session.switchTo(practice);
    if (refused) tell({ practice, error: refusal(await refused.json().catch(() => ({})), refused) });
  } catch {
    tell({ practice, error: new Refusal(0, "offline", "", "") });
  }
}

function tell(what: NotSwitched | null): void {
  failed = what;
  for (const listener of listeners) listener();
}
