/** Parts of the page that do not come at once. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { arriving, late } from "../src/lib/later.ts";

test("a part that does not come is asked for until it does, and is said to be late meanwhile", async () => {
  const said: boolean[] = [];
  const stop = late.subscribe(() => said.push(late.now()));
  let asked = 0;
  const part = await arriving(
    () => (++asked < 4 ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve("the part")),
    () => Promise.resolve(),
  );
  stop();
  assert.deepEqual([part, asked, said, late.now()], ["the part", 4, [true, false], false]);
});

test("one that comes at once is never late", async () => {
  const said: boolean[] = [];
  const stop = late.subscribe(() => said.push(late.now()));
  assert.equal(await arriving(() => Promise.resolve(1)), 1);
  stop();
  assert.deepEqual(said, []);
});
