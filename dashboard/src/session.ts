/**
 * Who is signed in, and to which practice. The access token is kept in memory alone; what outlives a reload is the
 * refresh cookie, which no script can read.
 */

export interface Practice {
  id: string;
  name: string;
  timeZone: string;
}

export interface SignedIn {
  accessToken: string;
  expiresIn: number;
  /** In seconds; refreshing does not put it off. */
  sessionEndsIn: number;
  practice: Practice;
  role: string;
  memberships: { practice: Practice; role: string }[];
}

/** `kept`: who was in when the session ended; what they had on the screen waits for them, unseen. */
type Out = { status: "out"; ended: boolean; kept: SignedIn | null };
export type State = { status: "unknown" } | Out | ({ status: "in" } & SignedIn);

/** Nobody is signed in, so nothing was asked for. */
export class SignedOut extends Error {}

// Before the token ends, so that no request is made in vain.
const EARLY_SECONDS = 30;
// Somebody who is at the screen signs in again within it; a screen that was left keeps nothing.
const KEPT_MS = 30 * 60_000;

class Session {
  #state: State = { status: "unknown" };
  #until = 0;
  #endsAt = Infinity;
  #renewing: Promise<void> | null = null;
  #forgetting: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): State => this.#state;

  /** When a new sign-in is asked for, in milliseconds since 1970. */
  readonly endsAt = (): number => this.#endsAt;

  /** A token that is good for a while. Throws where nobody is signed in. */
  async token(): Promise<string> {
    if (Date.now() > this.#until) await this.renew();
    if (this.#state.status !== "in") throw new SignedOut();
    return this.#state.accessToken;
  }

  /** By the refresh cookie; many may ask at once, one request is made: a cookie that is used twice ends the session. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renewed().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renewed(): Promise<void> {
    const answer = await fetch("/api/auth/refresh", { method: "POST", credentials: "same-origin" });
    if (answer.ok) this.enter((await answer.json()) as SignedIn);
    else if (answer.status === 401 || answer.status === 403) this.ended();
    else throw new Error(`refresh: ${answer.status}`);
  }

  enter(signedIn: SignedIn): void {
    this.#until = Date.now() + (signedIn.expiresIn - EARLY_SECONDS) * 1000;
    this.#endsAt = Date.now() + signedIn.sessionEndsIn * 1000;
    this.#is({ ...signedIn, status: "in" });
  }

  /** To another practice of whoever is signed in; on record. Answers what was refused. */
  async switchTo(practice: string): Promise<Response | null> {
    const answer = await fetch("/api/auth/practice", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${await this.token()}` },
      body: JSON.stringify({ practice }),
    });
    if (answer.ok) this.enter((await answer.json()) as SignedIn);
    else if (answer.status === 401) this.ended();
    else return answer;
    return null;
  }

  /** It is over: the next thing to do is to sign in. Several who ask at once find out, and the first is as right as the last. */
  ended(): void {
    const before = this.#state;
    this.#until = 0;
    if (before.status === "out") return;
    const ended = before.status === "in";
    this.#is({ status: "out", ended, kept: ended ? before : null });
    if (ended) this.#forgetting = setTimeout(() => this.#is({ status: "out", ended, kept: null }), KEPT_MS);
  }

  left(): void {
    this.#until = 0;
    this.#is({ status: "out", ended: false, kept: null });
  }

  #is(state: State): void {
    clearTimeout(this.#forgetting);
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Whom a token is for; what is not one of ours is nobody's. */
export function personOf({ accessToken }: SignedIn): string {
  try {
    const claims = (accessToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return String((JSON.parse(atob(claims)) as { sub?: string }).sub ?? "");
  } catch {
    return "";
  }
}

export const session = new Session();
