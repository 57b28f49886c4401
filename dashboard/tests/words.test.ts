/** The words of the room come from many files, and none of them may take another's place. */

import assert from "node:assert/strict";

import { test } from "vitest";

const FILES = import.meta.glob<Record<string, Record<string, string>>>("../src/manage/words/en/*.ts", { eager: true });

test("no word of the room stands in two files", () => {
  const found = new Map<string, string>();
  let areas = 0;
  for (const [file, area] of Object.entries(FILES)) {
    if (file.endsWith("/index.ts")) continue;
    areas += 1;
    for (const word of Object.values(area).flatMap((words) => Object.keys(words))) {
      assert.equal(found.get(word), undefined, `${word}: ${found.get(word)} and ${file}`);
      found.set(word, file);
    }
  }
  assert.ok(areas > 3);
});
