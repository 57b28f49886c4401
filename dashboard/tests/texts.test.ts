/** Who gets a bulk text, and how long each one's is. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { cells } from "../src/lib/table.ts";
import { lengthOf } from "../src/lib/segments.ts";
import { isQuiet } from "../src/manage/bulk/quiet.ts";
import { read, readPatients, textFor, unknown } from "../src/manage/bulk/audience.ts";

test("tables hold quotes, separators and line ends within cells", () => {
  assert.deepEqual(cells('a,"b, c"\r\n"d ""e""","f\ng"\n\n'), [
    ["a", "b, c"],
    ['d "e"', "f\ng"],
  ]);
  assert.deepEqual(cells("a;b\n1,5;2"), [
    ["a", "b"],
    ["1,5", "2"],
  ]);
  assert.deepEqual(cells("\ufeffphone\n+1 212 555 0134"), [["phone"], ["+1 212 555 0134"]]);
  assert.deepEqual(cells(""), []);
});

test("numbers alone are an audience, each once", () => {
  const found = read("(212) 555-0134\n212.555.0134\n\nnot a number\n'+1 212 555 0171");
  assert.deepEqual(found.people.map((person) => person.to), ["(212) 555-0134", "+1 212 555 0171"]);
  assert.deepEqual([found.columns, found.refused, found.twice], [[], 1, 1]);
});

test("the column of numbers is found by its title or by what is in it", () => {
  const titled = read("Name,Account,Mobile\nAna,12345678,212-555-0134");
  assert.deepEqual(titled.people, [
    { to: "212-555-0134", values: { name: "Ana", account: "12345678", mobile: "212-555-0134" } },
  ]);
  assert.deepEqual(titled.columns, ["name", "account"]);
  assert.equal(read("name,contact\nAna,212-555-0134").people[0]?.to, "212-555-0134");
});

test("braces are filled once, whatever stands in a cell", () => {
  const person = { to: "1", values: { name: "{practice} $& {name}" } };
  assert.equal(textFor("{practice}: {Name}, {nope}", person, { practice: "Bright" }), "Bright: {practice} $& {name}, {nope}");
  assert.deepEqual(unknown("{practice} {Name} {nope} {nope}", ["practice", "name"]), ["nope"]);
});

test("of patients only those who agreed, and of them only the name", () => {
  const csv =
    "id,firstName,lastName,dateOfBirth,phone,email,insuranceProvider,smsConsent\n" +
    'pat_1,Ana,"O""Hara, Sr",1980-01-01,+12125550134,a@b.example,VSP,true\n' +
    "pat_2,Luis,Ray,1980-01-01,+12125550171,,VSP,false\npat_3,No,Phone,1980-01-01,,,VSP,true\n";
  const found = readPatients(csv);
  assert.deepEqual(found.people, [
    { to: "+12125550134", values: { phone: "+12125550134", "first name": "Ana", "last name": 'O"Hara, Sr' } },
  ]);
  assert.deepEqual([found.unwilling, found.columns], [2, ["first name", "last name"]]);
});

test("lengths are the server's", () => {
  assert.deepEqual(lengthOf("a".repeat(160)), { encoding: "GSM-7", units: 160, segments: 1 });
  assert.deepEqual(lengthOf("a".repeat(161)), { encoding: "GSM-7", units: 161, segments: 2 });
  assert.deepEqual(lengthOf("€"), { encoding: "GSM-7", units: 2, segments: 1 });
  assert.deepEqual(lengthOf("á".repeat(71)), { encoding: "UCS-2", units: 71, segments: 2 });
});

test("nights are the practice's, from 9 PM until 8 AM", () => {
  const at = (instant: string): boolean => isQuiet(new Date(instant), "America/New_York");
  assert.deepEqual([at("2026-01-15T01:59:00Z"), at("2026-01-15T02:00:00Z")], [false, true]);
  assert.deepEqual([at("2026-01-15T12:59:00Z"), at("2026-01-15T13:00:00Z")], [true, false]);
  assert.equal(isQuiet(new Date("2026-01-15T13:00:00Z"), "America/Los_Angeles"), true);
});
