/** Asked for again as long as no answer comes, for a while. */

import { Refusal } from "../api/client";

const PAUSES = [400, 1200];

/** Once more where nobody knows whether it was done; the key sees to it that it is done once. */
export async function surely<T>(send: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Refusal) || !(error.offline || error.status >= 500)) throw error;
      await new Promise((done) => setTimeout(done, pause));
    }
  }
  return send();
}
