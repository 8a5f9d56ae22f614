// The corpus of attack tokens: none is accepted, each is refused for what is wrong with it. THREATS.md section 5.

import assert from "node:assert/strict";
import { test } from "node:test";
import { foreignAudience, foreignIssuer, foreignToken } from "./attack.ts";
import { attackCorpus } from "./attack-corpus.ts";
import { makeSigner } from "./peer-signer.ts";
import { startPeer, startVerifier, untilVerdict, verdict } from "./running-verifier.ts";

test("JW-01 to JW-08, JW-14: 300 attack tokens are refused, each by its code, and cost the server nothing", async (t) => {
  const peer = await startPeer(t);
  const foreigner = await makeSigner("their-1", "RS256");
  peer.foreigners.push({ issuer: foreignIssuer, maxTokenTtl: 86_400, keys: [foreigner] });
  const verifier = await startVerifier(t, peer, {
    issuers: [{ issuer: foreignIssuer, audience: foreignAudience }],
  });
  const attacks = await attackCorpus(peer, foreigner);
  assert.ok(attacks.length >= 300, `${attacks.length} attacks`);
  const tokens = attacks.map(({ token }) => token);
  assert.deepEqual(
    attacks.filter(({ token }, i) => tokens.indexOf(token) !== i).map(({ name }) => name),
    [],
    "they differ",
  );
  const [last] = attacks.filter(({ code }) => code === "revoked").slice(-1);
  await untilVerdict(verifier, last?.token ?? "", "revoked");
  const wrong: string[] = [];
  for (const { name, token, code } of attacks) {
    const found = await verdict(verifier, token);
    if (found !== code) wrong.push(`${name}: ${found} instead of ${code}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal(peer.timesAsked("/introspect"), 0, "none of them cost a question");
  assert.ok(
    peer.timesAsked("/jwks") <= 2 && peer.timesAsked("/foreign-jwks") <= 2,
    "nor a fetch of keys each",
  );
  assert.equal(await verdict(verifier, await peer.issue()), "accepted", "good ones still are");
  assert.equal(await verdict(verifier, await foreignToken(foreigner)), "accepted");
});
