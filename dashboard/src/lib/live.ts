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
  /** Everything that is shown must be fetched again: too much was missed, or it was fetched before anything was heard. */
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
  /** How often the other end is asked whether it is there; one that says nothing until the next time is not. */
  pingEvery?: number;
}

/** The part of WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

// The other end takes 20 words at once and 10 a second, and hangs up on who says more.
const BREATH = 15;
const BREATH_EVERY = 125;

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
  // Of two that connect, the later: stopped and started again, the former's ticket may still come.
  #attempt = 0;
  #pulse: ReturnType<typeof setTimeout> | undefined;
  #heardOf = false;
  // What is still to be said, the newest word of each kind and visit.
  readonly #words = new Map<unknown, Word>();
  #breath = BREATH;
  #breathing: ReturnType<typeof setTimeout> | undefined;
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
    if (this.#state !== "live") return;
    const about = word["visitId"] ?? word.type;
    this.#words.delete(about);
    this.#words.set(about, word);
    this.#talk();
  }

  #talk(): void {
    for (const [about, word] of this.#words) {
      if (this.#breath === 0) break;
      this.#breath -= 1;
      this.#words.delete(about);
      this.#socket?.send(JSON.stringify(word));
    }
    if (this.#breath === BREATH) return;
    this.#breathing ??= setTimeout(() => {
      this.#breathing = undefined;
      this.#breath += 1;
      this.#talk();
    }, BREATH_EVERY);
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
    this.#attempt += 1;
    this.#hangUp(1000);
  }

  #hangUp(code: number): void {
    clearTimeout(this.#pulse);
    clearTimeout(this.#breathing);
    this.#breathing = undefined;
    this.#words.clear();
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onclose = socket.onmessage = socket.onopen = null;
      socket.close(code);
    }
  }

  /** The other end is not there, or cannot be heard: browsers take minutes to notice that a network was cut. */
  #lost(): void {
    this.#hangUp(4000);
    this.#again();
  }

  #pulseSoon(): void {
    clearTimeout(this.#pulse);
    this.#heardOf = false;
    this.#pulse = setTimeout(() => {
      if (!this.#heardOf) return this.#lost();
      this.#say({ type: "ping" });
      this.#pulseSoon();
    }, this.#options.pingEvery ?? 12_000);
  }

  async #connect(): Promise<void> {
    const attempt = (this.#attempt += 1);
    try {
      const { ticket, url } = await this.#options.ticket();
      if (this.#over || attempt !== this.#attempt) return;
      const open = this.#options.open ?? ((address, protocols) => new WebSocket(address, protocols) as Socket);
      const socket = open(url, ["mybcat.v1", `ticket.${ticket}`]);
      this.#socket = socket;
      this.#pulseSoon();
      socket.onmessage = ({ data }) => this.#heard(JSON.parse(String(data)) as Word);
      socket.onclose = () => {
        if (this.#socket === socket) {
          this.#hangUp(1000);
          this.#again();
        }
      };
    } catch (error) {
      if (attempt === this.#attempt) this.#failed(error);
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
    const poll = this.#poll;
    // Connected meanwhile, and lost again: another one asks.
    const asksNoMore = () => this.#over || this.#poll !== poll;
    try {
      await this.#catchUp(0);
      if (asksNoMore()) return;
      this.#is("polling");
    } catch (error) {
      if (asksNoMore()) return;
      if (error instanceof SignedOut) return this.#failed(error);
      this.#is("offline");
    }
    this.#pollSoon(this.#options.pollEvery ?? 5_000);
  }

  #heard(word: Word): void {
    this.#heardOf = true;
    if (word.type === "pong") return;
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
    this.#breath = BREATH;
    this.#is("live");
    for (const visitId of this.#said) this.#say({ type: "watch", visitId });
    if (this.#looksAt !== null) this.#say({ type: "look", date: this.#looksAt });
    if (this.#seq === null) {
      this.#seq = seq;
      this.#options.onResync();
    } else if (this.#seq !== seq) this.#catchUpSoon(seq);
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
    this.#catchUp(seq).catch(() => this.#socket && this.#lost());
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
      const wanted = this.#wanted;
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
      // Without progress, asking again would bring the same; unless more was told of while the answer was on its way.
      if (!behind || (this.#seq === before && this.#wanted <= wanted)) {
        this.#wanted = 0;
        return;
      }
    }
  }
}
