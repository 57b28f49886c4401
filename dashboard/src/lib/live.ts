/**
 * What changes in the practice, as it happens: connects, resumes by number, comes back with jitter, asks
 * for changes where sockets cannot be opened, and always says in which state it is.
 *
 * A frame tells what to fetch again. Numbers have no gaps: each change is handed over once, in order.
 */

export type State = "connecting" | "live" | "polling" | "offline" | "signed-out" | "stopped";

export interface Change {
  stream: "calendar";
  seq: number;
  type: string;
  id: string | null;
  date: string | null;
  practitionerId: string | null;
}

export interface Missed {
  data: Change[];
  seq: number;
  hasMore: boolean;
  resync: boolean;
}

/** What the other end says besides changes: positions, states of visits, errors. */
export type Word = { type: string } & Record<string, unknown>;

export interface Options {
  /** `POST /api/v2/live/tickets`. Throws SignedOut where the sign-in has ended, anything else where it failed. */
  ticket(): Promise<{ ticket: string; url: string }>;
  /** `GET /api/v2/changes?after=`. Throws likewise. */
  changes(after: number): Promise<Missed>;
  onChange(change: Change): void;
  /** Everything that is shown must be fetched again. */
  onResync(): void;
  onState(state: State): void;
  onWord?(word: Word): void;
  /** The last number seen; absent: begin with what happens from now on. */
  after?: number;
  open?(url: string, protocols: string[]): Socket;
  /** From 0 up to 1. */
  random?(): number;
  /** In milliseconds. */
  firstPause?: number;
  longestPause?: number;
  pollEvery?: number;
}

/** The part of WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** The sign-in has ended: no ticket will be had before the next one. */
export class SignedOut extends Error {}

export class Live {
  readonly #options: Options;
  readonly #said = new Set<string>();
  #seq: number | null;
  #looksAt: string | null = null;
  #state: State = "stopped";
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  // One catches up at a time; frames that come meanwhile are of no use, it reads further than they are.
  #catching: Promise<void> | null = null;
  #wanted = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#seq = options.after ?? null;
  }

  get state(): State {
    return this.#state;
  }

  /** The number of the last change that was handed over. */
  get seq(): number | null {
    return this.#seq;
  }

  start(): void {
    if (this.#state === "stopped" || this.#state === "signed-out") {
      this.#failures = 0;
      this.#is("connecting");
      void this.#connect();
    }
  }

  stop(): void {
    this.#is("stopped");
    this.#end();
  }

  /** Hear of a visit's positions, now and after each new connection. */
  watch(visitId: string): void {
    this.#said.add(visitId);
    this.#say({ type: "watch", visitId });
  }

  unwatch(visitId: string): void {
    this.#said.delete(visitId);
    this.#say({ type: "unwatch", visitId });
  }

  /** Show colleagues at which day one looks, and be told of theirs (`presence`); null: at none. */
  look(date: string | null): void {
    this.#looksAt = date;
    this.#say({ type: "look", date });
  }

  #say(word: Word): void {
    if (this.#state === "live") this.#socket?.send(JSON.stringify(word));
  }

  #is(state: State): void {
    if (this.#state !== state) {
      this.#state = state;
      this.#options.onState(state);
    }
  }

  get #over(): boolean {
    return this.#state === "stopped" || this.#state === "signed-out";
  }

  #end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#poll);
    this.#poll = undefined;
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onclose = socket.onmessage = socket.onopen = null;
      socket.close(1000);
    }
  }

  async #connect(): Promise<void> {
    try {
      const { ticket, url } = await this.#options.ticket();
      if (this.#over) return;
      const open = this.#options.open ?? ((address, protocols) => new WebSocket(address, protocols) as Socket);
      const socket = open(url, ["mybcat.v1", `ticket.${ticket}`]);
      this.#socket = socket;
      socket.onmessage = ({ data }) => this.#heard(JSON.parse(String(data)) as Word);
      socket.onclose = () => {
        if (this.#socket === socket) {
          this.#socket = null;
          this.#again();
        }
      };
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#over) return;
    if (error instanceof SignedOut) {
      this.#is("signed-out");
      this.#end();
    } else {
      this.#again();
    }
  }

  /** Come back after a pause that grows and is never the same for two: a thousand must not come at once. */
  #again(): void {
    if (this.#over) return;
    const { firstPause = 500, longestPause = 30_000, random = Math.random } = this.#options;
    const pause = Math.min(longestPause, firstPause * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    if (this.#state === "live") this.#is("connecting");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), pause * (0.5 + random() / 2));
    if (this.#poll === undefined) this.#pollSoon(0);
  }

  #pollSoon(pause: number): void {
    this.#poll = setTimeout(() => void this.#ask(), pause);
  }

  async #ask(): Promise<void> {
    try {
      await this.#catchUp(0);
      if (this.#over || this.#state === "live") return;
      this.#is("polling");
    } catch (error) {
      if (this.#over || this.#state === "live") return;
      if (error instanceof SignedOut) return this.#failed(error);
      this.#is("offline");
    }
    this.#pollSoon(this.#options.pollEvery ?? 5_000);
  }

  #heard(word: Word): void {
    if (word.stream !== "calendar") {
      this.#options.onWord?.(word);
    } else if (word.type === "hello") {
      this.#welcomed(word.seq as number);
    } else if (word.type === "resync") {
      this.#seq = word.seq as number;
      this.#options.onResync();
    } else {
      this.#changed(word as unknown as Change);
    }
  }

  #welcomed(seq: number): void {
    this.#failures = 0;
    clearTimeout(this.#poll);
    this.#poll = undefined;
    this.#is("live");
    for (const visitId of this.#said) this.#say({ type: "watch", visitId });
    if (this.#looksAt !== null) this.#say({ type: "look", date: this.#looksAt });
    if (this.#seq === null) this.#seq = seq;
    else if (this.#seq !== seq) this.#catchUpSoon(seq);
  }

  #changed(change: Change): void {
    if (this.#seq !== null && change.seq === this.#seq + 1 && this.#catching === null) this.#hand(change);
    else if (this.#seq === null || change.seq > this.#seq) this.#catchUpSoon(change.seq);
  }

  #hand(change: Change): void {
    this.#seq = change.seq;
    this.#options.onChange(change);
  }

  #catchUpSoon(seq: number): void {
    // What fails here is made good by the next connection.
    this.#catchUp(seq).catch(() => this.#socket?.close(4000));
  }

  /** Ask for what was missed, up to that number at least. */
  async #catchUp(seq: number): Promise<void> {
    this.#wanted = Math.max(this.#wanted, seq);
    this.#catching ??= this.#read().finally(() => {
      this.#catching = null;
    });
    await this.#catching;
  }

  async #read(): Promise<void> {
    for (;;) {
      const before = this.#seq;
      const missed = await this.#options.changes(before ?? 0);
      if (this.#over) return;
      if (missed.resync || this.#seq === null) {
        this.#seq = missed.seq;
        this.#wanted = 0;
        this.#options.onResync();
        return;
      }
      for (const change of missed.data) if (change.seq === this.#seq + 1) this.#hand(change);
      const behind = missed.hasMore || this.#seq < this.#wanted;
      // Without progress, asking again would bring the same.
      if (!behind || this.#seq === before) {
        this.#wanted = 0;
        return;
      }
    }
  }
}
