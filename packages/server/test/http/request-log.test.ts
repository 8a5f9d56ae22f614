// Ids of requests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newRequestId } from "../../src/http/request-log.ts";

test("no two of many request ids are the same, and they do not count", () => {
  const ids = Array.from({ length: 50_000 }, newRequestId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^[\w-]{16}-[0-9a-f]{8}$/.test(id)));
  const numbers = ids.map((id) => Number.parseInt(id.slice(17), 16));
  const grown = numbers.filter((number, index) => index > 0 && number > (numbers[index - 1] ?? 0)).length;
  assert.ok(grown > 20_000 && grown < 30_000, `${grown} of 50,000 are greater than the one before`);
});
