// Random bytes from the pool: never the same twice, wherever the pool is filled anew, and wiped after use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withRandom } from "../../src/keys/random-pool.ts";

test("no bytes are given out twice, and none stay in memory after their use", () => {
  const seen = new Set<string>();
  for (let draw = 0; draw < 3000; draw++) {
    const bytes = 12 + (draw % 97);
    let kept: Uint8Array | undefined;
    const text = withRandom(bytes, (random) => {
      kept = random;
      return Buffer.from(random).toString("hex");
    });
    assert.equal(text.length, 2 * bytes);
    seen.add(text.slice(0, 24));
    assert.ok(kept?.every((byte) => byte === 0));
  }
  assert.equal(seen.size, 3000);
  assert.throws(() => withRandom(16, () => assert.fail("not made")));
});
