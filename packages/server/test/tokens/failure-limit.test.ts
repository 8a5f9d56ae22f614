// Limits by address: who has a whole IPv6 network has one limit (THREATS WEB-06).

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressLimit } from "../../src/tokens/failure-limit.ts";

test("WEB-06 addresses of one IPv6 network of 64 bits share a limit, and IPv4 is the same in either spelling", async () => {
  const cases = [
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::7", true],
    ["2001:db8:1:2::1", "2001:0db8:0001:0002:0:0:0:9", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["2001:db8::1", "2001:db8:0:1::1", false],
    ["::1", "::2", true],
    ["fe80::1%eth0", "fe80::2", true],
    ["192.0.2.1", "::ffff:192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
  ] as const;
  for (const [one, other, together] of cases) {
    const limit = addressLimit({ of: "tries", most: 1, windowMs: 60_000 }, undefined);
    await limit.failed(one, 0);
    assert.equal(limit.blockedFor(other, 1) !== undefined, together, `${one} ${other}`);
    assert.equal(limit.blockedFor(one, 60_001), undefined);
  }
});
