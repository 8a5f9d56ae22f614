// Modules about an existing login: prompt, max_age and id_token_hint.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../until.ts";
import { asksToSignIn, type Login, type RelyingParty, shown } from "./relying-party.ts";

export function startPromptModules(party: RelyingParty): void {
  test("oidcc-prompt-none-not-logged-in: an error at once, with a long state unharmed", async () => {
    const state = "x".repeat(128);
    const { landed, first } = await party.authorize({ prompt: "none", state });
    assert.equal(asksToSignIn(first), false);
    assert.equal(party.errorAt(landed, state), "login_required");
  });

  test("oidcc-prompt-login: signs in again, with a later auth_time", async () => {
    const first = await party.login();
    await laterThan(Number(first.idToken.auth_time));
    const second = await again(party, first, { prompt: "login" }, "asked");
    assert.ok(Number(second.idToken.auth_time) > Number(first.idToken.auth_time));
  });

  test("oidcc-max-age-1: signs in again after two seconds, with a later auth_time", async () => {
    const first = await party.login();
    await laterThan(Number(first.idToken.auth_time) + 1);
    const second = await again(party, first, { max_age: "1" }, "asked");
    assert.ok(Number(second.idToken.auth_time) > Number(first.idToken.auth_time) + 1);
  });

  test("oidcc-max-age-1: max_age=0 asks even within the second of the first login", async () => {
    const first = await party.login();
    await again(party, first, { max_age: "0" }, "asked");
  });

  for (const [module, firstParameters, secondParameters] of [
    ["oidcc-prompt-none-logged-in", {}, { prompt: "none" }],
    ["oidcc-max-age-10000", { max_age: "15000" }, { max_age: "10000" }],
  ] as const) {
    test(`${module}: nobody is asked, sub and auth_time stay`, async () => {
      const first = await party.login(firstParameters);
      assert.equal(typeof first.idToken.auth_time, "number");
      const second = await again(party, first, secondParameters, "not asked");
      assert.equal(second.idToken.auth_time, first.idToken.auth_time);
    });
  }

  test("oidcc-id-token-hint: with prompt=none it goes through at once", async () => {
    const first = await party.login();
    const hint = { prompt: "none", id_token_hint: String(first.tokens.id_token) };
    const second = await again(party, first, hint, "not asked");
    assert.equal(second.idToken.auth_time, first.idToken.auth_time);
  });
}

/** The second authorization of the same person, who is asked to sign in, or not asked at all. */
async function again(
  party: RelyingParty,
  { person, idToken }: Login,
  parameters: Record<string, string>,
  expected: "asked" | "not asked",
): Promise<Login> {
  const { first, state } = await party.authorize(parameters, { person, lookOnly: true });
  assert.equal(asksToSignIn(first), expected === "asked", shown(first));
  if (expected === "not asked" && party.mode === "default") assert.ok(party.answerAt(first, state).code);
  const second = await party.login(parameters, { person });
  assert.equal(second.idToken.sub, idToken.sub);
  return second;
}

/** Waits until the clock shows a later second than this one, as the suite does before it asks again. */
async function laterThan(second: number): Promise<void> {
  await until(async () => Date.now() / 1000 >= second + 1);
}
