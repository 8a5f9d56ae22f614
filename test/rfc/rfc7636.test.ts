// RFC 7636 (PKCE), S256 only: the vector of appendix B, and what a verifier may look like.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { challengeOf, peopleOf, pkce, redirectUri } from "../people.ts";
import { startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const client = await people.client();
const person = await people.signIn();
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

async function redeemed(codeChallenge: string, code_verifier: string): Promise<string> {
  const code = await people.code(client, person, { codeChallenge });
  const { status, json } = await people.redeem(client, code, { code_verifier });
  return status === 200 ? "redeemed" : `${status} ${json.error}`;
}

test("appendix B: the verifier of the example belongs to its challenge", async () => {
  assert.equal(challengeOf(pkce.verifier), pkce.challenge);
  assert.equal(await redeemed(pkce.challenge, pkce.verifier), "redeemed");
});

test("4.1: verifiers are 43 to 128 unreserved characters, each of which counts", async () => {
  const verifier = fc
    .array(fc.constantFrom(...letters), { minLength: 43, maxLength: 128 })
    .map((characters) => characters.join(""));
  await fc.assert(
    fc.asyncProperty(verifier, fc.nat(), async (text, at) => {
      assert.equal(await redeemed(challengeOf(text), text), "redeemed");
      const index = at % text.length;
      const changed = `${text.slice(0, index)}${text[index] === "x" ? "y" : "x"}${text.slice(index + 1)}`;
      assert.equal(await redeemed(challengeOf(text), changed), "400 invalid_grant");
    }),
    { seed, numRuns: rounds(20, 1000) },
  );
});

test("4.1: a verifier of another length or with other characters is refused, though its hash would fit", async () => {
  for (const wrong of [
    "a".repeat(42),
    "a".repeat(129),
    `${"a".repeat(43)}!`,
    `${"a".repeat(43)} `,
    "ä".repeat(43),
  ])
    assert.equal(await redeemed(challengeOf(wrong), wrong), "400 invalid_grant", wrong);
});

test("4.4.1: PKCE is required of everybody but a confidential client that may do without", async () => {
  const native = await people.client({ token_endpoint_auth_method: "none" });
  const lax = await people.client({ require_pkce: false });
  for (const [{ client_id }, isRequired] of [
    [client, true],
    [native, true],
    [lax, false],
  ] as const) {
    const query = new URLSearchParams({ response_type: "code", client_id, redirect_uri: redirectUri });
    const answer = await server.request(`/oauth2/authorize?${query}`);
    const location = new URL(answer.headers.get("location") ?? "", server.issuer);
    assert.equal(location.searchParams.get("error"), isRequired ? "invalid_request" : null);
  }
  const refused = { token_endpoint_auth_method: "none", require_pkce: false };
  await assert.rejects(people.client(refused), /require_pkce/);
});
