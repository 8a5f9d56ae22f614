// Ids of requests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newRequestId } from "../../src/http/request-log.ts";

test("no two of many request ids are the same, and nothing of one follows from the one before", () => {
  const ids = Array.from({ length: 50_000 }, newRequestId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^[\w-]{16}$/.test(id)));
  for (let place = 0; place < 16; place++) {
    const same = ids.filter((id, index) => index > 0 && id[place] === ids[index - 1]?.[place]).length;
    // One in 64 by chance: 781, give or take 28.
    assert.ok(same > 500 && same < 1100, `${same} have the letter before at ${place}`);
  }
});
