// Form bodies: what is refused is named where a description may hold the name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readForm } from "../../src/http/form.ts";

function refusal(body: string): string {
  const form = readForm(body);
  assert.ok("kind" in form && form.kind === "refuse", body);
  assert.equal(form.error, "invalid_request");
  return form.description;
}

test("a doubled parameter is refused by its name, also where both are empty", () => {
  assert.equal(refusal("scope=a&scope=b"), "scope is included more than once.");
  assert.equal(refusal("client_id=&x=1&client_id="), "client_id is included more than once.");
});

test("a doubled name that no error_description can hold is not repeated", () => {
  for (const name of ["%22", "%0d%0aset-cookie", "%C3%A9", "a".repeat(41)])
    assert.equal(refusal(`${name}=1&${name}=2`), "A parameter is included more than once.");
});
