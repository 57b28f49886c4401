/** Files that are handed in: what is read of them here, what their first line says, and how often they are sent. */

import assert from "node:assert/strict";

import { test, vi } from "vitest";

import type { Refusal as Refused } from "../src/api/client.ts";
import { COLUMNS, fits, headOf } from "../src/manage/imports/columns.ts";
import { MOST_BYTES, textOf } from "../src/manage/imports/file.ts";
import { together, type LineError } from "../src/manage/imports/refused.ts";

vi.stubGlobal("window", { location: { origin: "http://room.test" } });
vi.mock("../src/session.ts", () => ({ session: {}, SignedOut: class extends Error {} }));
const { Refusal } = await import("../src/api/client.ts");
const { onceEach } = await import("../src/manage/imports/once.ts");

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a file is read as UTF-8, with a mark at its beginning or without", () => {
  assert.equal(textOf(bytes("a,b\r\nNúñez,1\r\n")).content, "a,b\r\nNúñez,1\r\n");
  assert.equal(textOf(bytes("\ufeffa\n1")).problem, null);
});

test("what cannot be read is told apart by what helps", () => {
  const problem = (content: number[] | string): string | null =>
    textOf(typeof content === "string" ? bytes(content) : Uint8Array.from(content)).problem;
  assert.equal(problem(""), "empty");
  assert.equal(problem(" \r\n\r\n"), "empty");
  assert.equal(problem([0x50, 0x4b, 3, 4, 9]), "workbook");
  assert.equal(problem([0xd0, 0xcf, 0x11, 0xe0]), "workbook");
  assert.equal(problem("%PDF-1.7"), "notText");
  assert.equal(problem([97, 0, 98]), "notText");
  // "ñ" as Windows-1252 has it, UTF-16, and letters that were lost before.
  assert.equal(problem([97, 44, 0xf1, 10]), "encoding");
  assert.equal(problem([0xff, 0xfe, 97, 0]), "encoding");
  assert.equal(problem("a\nN\ufffdez"), "encoding");
  assert.equal(problem("a".repeat(MOST_BYTES + 1)), "tooLarge");
  // Each of them takes two bytes on the way.
  assert.equal(problem('"'.repeat(MOST_BYTES / 2)), "tooLarge");
});

test("the first line may be written as people write, and is told where it does not fit", () => {
  const good = headOf("First Name;LAST_NAME;date of birth\nInes;Moreau;1990-05-17\n\n", "patients");
  assert.deepEqual(good, { lines: 1, unknown: [], missing: [], twice: [] });
  assert.ok(fits(good, "patients"));
  const bad = headOf("firstName,Surname,,phone,Phone\n1,2,3,4,5", "patients");
  assert.deepEqual(bad, {
    lines: 1,
    unknown: [{ place: 2, name: "Surname" }, { place: 3, name: "" }],
    missing: ["lastName", "dateOfBirth"],
    twice: ["phone"],
  });
  assert.ok(!fits(bad!, "patients"));
  assert.equal(headOf("\n\n", "hours"), null);
});

test("a file needs a line, and no more than its kind may have", () => {
  const head = (lines: number): string => "practitioner,start,type\n" + "a,b,c\n".repeat(lines);
  const { most } = COLUMNS.appointments;
  const fitting = [0, 1, most, most + 1].map((lines) => fits(headOf(head(lines), "appointments")!, "appointments"));
  assert.deepEqual(fitting, [false, true, true, false]);
});

test("lines with the same problem are told together, the most frequent first", () => {
  const error = (line: number, column: string, code: LineError["code"]): LineError => ({ line, column, code, detail: "" });
  const found = together([error(2, "phone", "bad_phone"), error(2, "dateOfBirth", "bad_date"), error(3, "dateOfBirth", "bad_date")]);
  assert.deepEqual(found, [
    { column: "dateOfBirth", code: "bad_date", lines: [2, 3] },
    { column: "phone", code: "bad_phone", lines: [2] },
  ]);
});

test("a lost answer is asked for by the same key, and what was answered is a new wish", async () => {
  let made = 0;
  const once = onceEach(() => `key ${++made}`);
  const keys: string[] = [];
  const send = (refusal?: Refused) => async (key: string): Promise<string> => {
    keys.push(key);
    if (refusal) throw refusal;
    return key;
  };
  await assert.rejects(once("a", send(new Refusal(0, "offline", "", ""))));
  await assert.rejects(once("a", send(new Refusal(503, "busy", "", ""))));
  await once("a", send());
  await assert.rejects(once("a", send(new Refusal(400, "invalid", "", ""))));
  await once("a", send());
  await assert.rejects(once("a", send(new Refusal(0, "offline", "", ""))));
  await once("b", send());
  assert.deepEqual(keys, ["key 1", "key 1", "key 1", "key 2", "key 3", "key 4", "key 5"]);
});
