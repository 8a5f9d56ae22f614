// `npm run demo` itself: server, example API, token, revocation, refusal, unattended.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the demo shows a token accepted, revoked and refused, another one spared, and exits with 0", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", "examples/demo.ts"],
    {
      cwd: root,
      encoding: "utf8",
      timeout: 120_000,
    },
  );
  assert.equal(status, 0, stdout + stderr);
  const steps = [
    /accepted: 200/,
    /answers 200: revoked from seq \d+/,
    /refuses it: 401 error="invalid_token"/,
    /other .* 200/,
  ];
  const places = steps.map((step) => stdout.search(step));
  assert.ok(!places.includes(-1), stdout);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
    stdout,
  );
  assert.match(stdout, /Revoked at the API [\d.]+ ms after the server's answer/);
  assert.doesNotMatch(stdout + stderr, /\b(rat_|rrt_|rcs_|eyJ)/, "WEB-16 no token or secret is printed");
});
