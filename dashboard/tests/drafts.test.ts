/** What another manager has saved of a protocol's draft is told, and not overwritten. */

import assert from "node:assert/strict";

import { afterEach, beforeEach, test, vi } from "vitest";

import type { Refusal } from "../src/api/client.ts";
import type { Whole } from "../src/manage/protocols/data.ts";
import { same, type Content } from "../src/manage/protocols/definition.ts";

let asked: string[] = [];
let answers: (() => Response)[] = [];

vi.stubGlobal("fetch", async (request: Request) => {
  const path = new URL(request.url).pathname.replace("/api/v2/protocol-versions/", "");
  asked.push([request.method, path, request.headers.get("If-Match")].filter(Boolean).join(" "));
  const answer = answers.shift();
  assert.ok(answer, `nothing answers ${asked.at(-1)}`);
  return answer();
});
vi.stubGlobal("window", { location: { origin: "http://desk.test" } });
vi.mock("../src/session.ts", () => ({ session: { token: async () => "token" }, SignedOut: class extends Error {} }));
const { discard, nowOf, publish, read, save } = await import("../src/manage/protocols/seen.ts");

const OUTCOME = { appointmentTypes: ["exam"], urgency: "routine" as const };
const MINE: Content = {
  definition: { questions: [{ id: "age", text: { en: "How old?" }, kind: "number", options: [] }], rules: [], otherwise: OUTCOME },
  examples: [{ name: "Anybody", answers: { age: 9 }, expects: { rule: null } }],
};
const READ = { protocolId: "prot_1", number: 1, status: "draft", ...MINE, examples: [] } as unknown as Whole;
const SEEN = { version: READ, tag: '"one"' };
const THEIRS = { ...READ, examples: [{ name: "Theirs", answers: {}, expects: {} }] } as Whole;

beforeEach(() => {
  [asked, answers] = [[], []];
});
afterEach(() => assert.equal(answers.length, 0, "not all of it was asked for"));

const is =
  (body: unknown, tag = "", status = 200) =>
  (): Response =>
    new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { ETag: tag, "Content-Type": "application/json" } });
const stale = is({ code: "precondition_failed", detail: "This has changed since you read it" }, "", 412);
const done = is(null, "", 204);

async function refused(change: Promise<unknown>): Promise<Refusal> {
  return change.then(
    () => assert.fail("it was done"),
    (error: unknown) => error as Refusal,
  );
}

const CHANGES = {
  "PUT prot_1": () => save(SEEN, MINE),
  "DELETE prot_1": () => discard(SEEN),
  "POST prot_1/publish": () => publish(SEEN, null, "k1"),
};

test("a version is read with its tag, weakened on its way or not", async () => {
  answers = [is(READ, 'W/"one"')];
  assert.deepEqual(await read("prot_1"), SEEN);
});

test.each(Object.entries(CHANGES))("%s is for what was read", async (what, change) => {
  answers = [what === "DELETE prot_1" ? done : is(READ, '"two"')];
  await change();
  assert.deepEqual(asked, [`${what} "one"`]);
});

test.each(Object.entries(CHANGES))("%s tells what somebody else has saved, and is not sent again", async (what, change) => {
  answers = [stale, is(THEIRS, '"two"')];
  assert.deepEqual(nowOf(await refused(change())), { version: THEIRS, tag: '"two"' });
  assert.deepEqual(asked, [`${what} "one"`, "GET prot_1"]);
});

test.each(Object.entries(CHANGES))("%s tells that it is published meanwhile", async (what, change) => {
  const published = { ...READ, status: "published" };
  answers = [is({ code: "not_a_draft", detail: "A published protocol never changes" }, "", 409), is(published, '"two"')];
  assert.deepEqual(nowOf(await refused(change())), { version: published, tag: '"two"' });
  assert.deepEqual(asked, [`${what} "one"`, "GET prot_1"]);
});

test.each(Object.entries(CHANGES))("%s goes on where nothing that is shown has changed", async (what, change) => {
  answers = [stale, is(READ, '"two"'), what === "DELETE prot_1" ? done : is(READ, '"three"')];
  await change();
  assert.deepEqual(asked, [`${what} "one"`, "GET prot_1", `${what} "two"`]);
});

test.each(Object.entries(CHANGES))("%s says what else is refused, as it is", async (_, change) => {
  answers = [is({ code: "unknown_id", detail: "There is no such protocol" }, "", 404)];
  const error = await refused(change());
  assert.deepEqual([error.status, nowOf(error)], [404, null]);
});

test("what is saved already is not in its own way", async () => {
  const { examples, definition } = MINE;
  const { questions, rules, otherwise } = definition;
  answers = [stale, is({ ...READ, examples, definition: { otherwise, rules, questions } }, '"two"')];
  const saved = await save(SEEN, MINE);
  assert.equal(saved.tag, '"two"');
  assert.ok(same(saved.version, MINE));
});

test("only the order of members makes no difference", () => {
  assert.ok(same(MINE, { examples: MINE.examples, definition: MINE.definition }));
  assert.ok(!same(MINE, READ));
  const twice = { ...MINE, examples: [...MINE.examples, ...MINE.examples] };
  assert.ok(!same(MINE, twice));
});
