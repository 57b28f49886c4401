import assert from "node:assert/strict";

import { test } from "vitest";

import { type Change, Live, type Missed, SignedOut, type Socket, type State } from "../src/lib/live.ts";

class Plug implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  said: unknown[] = [];
  closed = false;
  /** Says nothing any more, as where the network was cut. */
  deaf = false;
  protocols: string[];

  constructor(protocols: string[]) {
    this.protocols = protocols;
  }

  send(text: string): void {
    const word = JSON.parse(text) as { type: string };
    this.said.push(word);
    if (word.type === "ping" && !this.deaf) queueMicrotask(() => this.tells({ type: "pong" }));
  }

  close(): void {
    this.closed = true;
    this.onclose?.({ code: 1000 });
  }

  tells(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const change = (seq: number): Change => ({
  stream: "calendar", seq, type: "appointment.booked", id: `appt_${seq}`, date: "2026-04-24", practitionerId: null,
});

/** A server with changes 1 to `last`, a page of two at a time. */
class Server {
  last = 0;
  tickets = 0;
  asked = 0;
  /** Answers that are made come only after this. */
  holdsBack: Promise<void> | null = null;
  refuses: Error | null = null;
  away = false;
  plugs: Plug[] = [];
  heard: number[] = [];
  states: State[] = [];
  resyncs = 0;
  words: unknown[] = [];
  live: Live;

  constructor(after?: number, options: { pingEvery?: number } = {}) {
    this.live = new Live({
      ...options,
      after,
      ticket: async () => {
        if (this.refuses) throw this.refuses;
        this.tickets += 1;
        return { ticket: `t${this.tickets}`, url: "ws://there/live" };
      },
      changes: async (seq) => {
        this.asked += 1;
        const answer = this.#changes(seq);
        await this.holdsBack;
        return answer;
      },
      onChange: ({ seq }) => this.heard.push(seq),
      onResync: () => (this.resyncs += 1),
      onState: (state) => this.states.push(state),
      onWord: (word) => this.words.push(word),
      open: (_url, protocols) => {
        const plug = new Plug(protocols);
        this.plugs.push(plug);
        return plug;
      },
      random: () => 0,
      firstPause: 2,
      longestPause: 8,
      pollEvery: 3,
    });
  }

  #changes(after: number): Missed {
    if (this.away) throw new Error("no network");
    if (this.last - after > 10 || after > this.last) return { data: [], seq: this.last, hasMore: false, resync: true };
    const data = [1, 2].map((step) => after + step).filter((seq) => seq <= this.last).map(change);
    const seq = data.at(-1)?.seq ?? after;
    return { data, seq, hasMore: seq < this.last, resync: false };
  }

  get plug(): Plug {
    return this.plugs.at(-1)!;
  }

  async connected(): Promise<Plug> {
    this.live.start();
    await until(() => this.plugs.length > 0);
    this.plug.tells({ stream: "calendar", type: "hello", seq: this.last });
    return this.plug;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    assert.ok(turn < 1000, "waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test("connects with a ticket as subprotocol and hands changes over in order", async () => {
  const server = new Server();
  const plug = await server.connected();
  for (const seq of [1, 2, 3]) plug.tells(change((server.last = seq)));
  assert.deepEqual(server.heard, [1, 2, 3]);
  assert.deepEqual(plug.protocols, ["mybcat.v1", "ticket.t1"]);
  assert.deepEqual(server.states, ["connecting", "live"]);
  server.live.stop();
  assert.ok(plug.closed);
});

test("a gap is read before what follows it, and nothing comes twice", async () => {
  const server = new Server();
  const plug = await server.connected();
  server.last = 5;
  plug.tells(change(5));
  plug.tells(change(4));
  await until(() => server.heard.length === 5);
  plug.tells(change((server.last = 6)));
  await until(() => server.heard.length === 6);
  assert.deepEqual(server.heard, [1, 2, 3, 4, 5, 6]);
  server.live.stop();
});

test("comes back with another ticket and resumes by number", async () => {
  const server = new Server(0);
  const plug = await server.connected();
  plug.tells(change((server.last = 1)));
  server.last = 4;
  plug.onclose?.({ code: 1012 });
  await until(() => server.plugs.length === 2);
  server.plug.tells({ stream: "calendar", type: "hello", seq: 4 });
  await until(() => server.heard.length === 4);
  assert.deepEqual(server.heard, [1, 2, 3, 4]);
  assert.equal(server.live.state, "live");
  assert.deepEqual(server.plug.protocols, ["mybcat.v1", "ticket.t2"]);
  server.live.stop();
});

test("asks for changes where no socket can be opened, says so, and says when nothing can be had", async () => {
  const server = new Server(0);
  server.refuses = new Error("503");
  server.last = 3;
  server.live.start();
  await until(() => server.heard.length === 3);
  await until(() => server.live.state === "polling");
  server.away = true;
  await until(() => server.live.state === "offline");
  server.away = false;
  server.last = 4;
  server.refuses = null;
  await until(() => server.plugs.length > 0);
  server.plug.tells({ stream: "calendar", type: "hello", seq: 4 });
  await until(() => server.heard.length === 4);
  assert.equal(server.live.state, "live");
  server.live.stop();
});

test("after too much everything is fetched again, and what follows is heard", async () => {
  const server = new Server(0);
  server.last = 50;
  const plug = await server.connected();
  await until(() => server.resyncs === 1);
  plug.tells(change((server.last = 51)));
  await until(() => server.heard.length === 1);
  plug.tells({ stream: "calendar", type: "resync", seq: (server.last = 60) });
  plug.tells(change((server.last = 61)));
  assert.deepEqual(server.heard, [51, 61]);
  assert.equal(server.resyncs, 2);
  server.live.stop();
});

test("a sign-in that has ended is not asked for again and again", async () => {
  const server = new Server(0);
  server.refuses = new SignedOut();
  server.live.start();
  await until(() => server.live.state === "signed-out");
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(server.states, ["connecting", "signed-out"]);
  server.refuses = null;
  await server.connected();
  assert.equal(server.live.state, "live");
  server.live.stop();
});

test("visits are watched again after each connection", async () => {
  const server = new Server();
  server.live.watch("visit_1");
  server.live.watch("visit_2");
  const plug = await server.connected();
  server.live.unwatch("visit_2");
  plug.tells({ type: "practitioner_location", visitId: "visit_1" });
  plug.onclose?.({ code: 1006 });
  await until(() => server.plugs.length === 2);
  server.plug.tells({ stream: "calendar", type: "hello", seq: 0 });
  assert.deepEqual(server.plug.said, [{ type: "watch", visitId: "visit_1" }]);
  assert.deepEqual(server.words, [{ type: "practitioner_location", visitId: "visit_1" }]);
  server.live.stop();
});

test("where one looks is said again after each connection", async () => {
  const server = new Server();
  server.live.look("2026-04-24");
  const plug = await server.connected();
  server.live.look("2026-04-25");
  assert.deepEqual(plug.said, ["2026-04-24", "2026-04-25"].map((date) => ({ type: "look", date })));
  plug.onclose?.({ code: 1006 });
  await until(() => server.plugs.length === 2);
  server.plug.tells({ stream: "calendar", type: "hello", seq: 0 });
  assert.deepEqual(server.plug.said, [{ type: "look", date: "2026-04-25" }]);
  server.live.stop();
});

test("nothing happens after the end", async () => {
  const server = new Server();
  const plug = await server.connected();
  const { onmessage } = plug;
  server.live.stop();
  plug.onclose?.({ code: 1006 });
  assert.equal(plug.onmessage, null);
  assert.ok(onmessage);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(server.plugs.length, 1);
  assert.equal(server.states.at(-1), "stopped");
});

test("a change that is told while an older answer is on its way is not lost", async () => {
  const server = new Server(0);
  const plug = await server.connected();
  let arrives!: () => void;
  server.holdsBack = new Promise((resolve) => (arrives = resolve));
  plug.onclose?.({ code: 1006 });
  await until(() => server.asked === 1 && server.plugs.length >= 2);
  server.plug.tells({ stream: "calendar", type: "hello", seq: 0 });
  server.plug.tells(change((server.last = 1)));
  server.holdsBack = null;
  arrives();
  await until(() => server.heard.length === 1);
  server.live.stop();
});

test("another end that has fallen silent is left for a new connection", async () => {
  const server = new Server(0, { pingEvery: 10 });
  const plug = await server.connected();
  plug.deaf = true;
  await until(() => server.plugs.length >= 2);
  assert.deepEqual(plug.said, [{ type: "ping" }]);
  assert.ok(plug.closed);
  assert.notEqual(server.live.state, "live");
  server.live.stop();
});

test("another end that answers is kept", async () => {
  const server = new Server(0, { pingEvery: 10 });
  const plug = await server.connected();
  await until(() => plug.said.length === 3);
  assert.equal(server.plugs.length, 1);
  assert.equal(server.live.state, "live");
  assert.deepEqual(server.words, []);
  server.live.stop();
});

test("a handshake that nobody answers is tried again, and meanwhile changes are asked for", async () => {
  const server = new Server(0, { pingEvery: 10 });
  server.last = 1;
  server.live.start();
  await until(() => server.plugs.length >= 2 && server.heard.length === 1);
  assert.ok(server.plugs[0]?.closed);
  server.live.stop();
});

test("stopped and started again while a ticket is on its way, one socket is opened", async () => {
  const server = new Server(0);
  server.live.start();
  server.live.stop();
  await server.connected();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(server.plugs.length, 1);
  assert.equal(server.live.state, "live");
  server.live.stop();
});

test("no more is said at once than the other end takes, and all of it in the end", async () => {
  const server = new Server(0);
  const visits = Array.from({ length: 17 }, (_, number) => `visit_${number}`);
  for (const visit of visits) server.live.watch(visit);
  const plug = await server.connected();
  assert.equal(plug.said.length, 15);
  server.live.look("2026-04-24");
  server.live.look("2026-04-25");
  await until(() => plug.said.length === 18);
  const watched = visits.map((visitId) => ({ type: "watch", visitId }));
  assert.deepEqual(plug.said, [...watched, { type: "look", date: "2026-04-25" }]);
  server.live.stop();
});

test("what was fetched before anything was heard is fetched again, once", async () => {
  const server = new Server();
  server.last = 7;
  const plug = await server.connected();
  assert.equal(server.resyncs, 1);
  plug.tells(change((server.last = 8)));
  plug.onclose?.({ code: 1012 });
  await until(() => server.plugs.length === 2);
  server.plug.tells({ stream: "calendar", type: "hello", seq: 8 });
  assert.deepEqual([server.heard, server.resyncs], [[8], 1]);
  server.live.stop();
});

test("who says what was seen last is told what came since, and nothing else is fetched", async () => {
  const server = new Server(5);
  server.last = 7;
  await server.connected();
  await until(() => server.heard.length === 2);
  assert.deepEqual([server.heard, server.resyncs], [[6, 7], 0]);
  server.live.stop();
});
