// The closed set of rejections: what each answers (RFC 6750 section 3), and that the README knows them all, and the options.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rejectionCodes, TokenRejected } from "@rescind/verifier";

test("every code has its row in the README, with its status, and no row is left over", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const documented = [...readme.matchAll(/^\| (`[^|]+) \| (\d{3}) \|/gm)].flatMap(([, codes = "", status]) =>
    [...codes.matchAll(/`([^`]+)`/g)].map(([, code]) => `${code} ${status}`),
  );
  assert.deepEqual(
    documented,
    rejectionCodes.map((code) => `${code} ${new TokenRejected(code).status}`),
  );
});

test("every option has its row in the README, and no row is left over", () => {
  const text = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8");
  const [, section = ""] = text("../README.md").split("\n## Options\n");
  const [table = ""] = section.split("\n## ");
  const documented = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, names = ""]) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  const [, body = ""] = text("../src/options.ts").split("export interface VerifierOptions {\n");
  const [members = ""] = body.split("\n}");
  const options = [...members.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  assert.ok(options.length > 10);
  assert.deepEqual(documented.toSorted(), options.toSorted());
});

test("only a token that is there and bad is an invalid_token, and 503 carries no challenge", () => {
  for (const code of rejectionCodes) {
    const { error, wwwAuthenticate } = new TokenRejected(code);
    const expected = {
      missing: undefined,
      stale: undefined,
      "insufficient-scope": "insufficient_scope",
      "insufficient-authentication": "insufficient_user_authentication",
      proof: "invalid_dpop_proof",
    };
    assert.equal(error, code in expected ? Reflect.get(expected, code) : "invalid_token", code);
    assert.equal(wwwAuthenticate === undefined, code === "stale", code);
    assert.match(
      wwwAuthenticate ?? "Bearer",
      /^(Bearer|DPoP)($| error="[a-z_]+", error_description="[^"\\]+")/,
    );
  }
});
