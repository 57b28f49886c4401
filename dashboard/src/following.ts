/** Live updates for whoever is signed in: tickets and missed changes are asked for with the session's token. */

import { api, told } from "./api/client";
import { Live, SignedOut, type Options } from "./lib/live";
import { session } from "./session";

export function following(options: Omit<Options, "ticket" | "changes">): Live {
  return new Live({
    ...options,
    ticket: () => signedIn(() => told(() => api.POST("/api/v2/live/tickets"))),
    changes: (after) => signedIn(() => told(() => api.GET("/api/v2/changes", { params: { query: { after } } }))) as never,
  });
}

/** As the client of live updates has it: the end of the sign-in is told apart from a failure. */
async function signedIn<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (session.state().status === "out") throw new SignedOut();
    throw error;
  }
}
