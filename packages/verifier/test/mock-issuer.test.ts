// The test kit, used as its README shows it: an API behind a verifier, without a server and without waiting.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createVerifier, TokenRejected, type Verifier, type VerifierOptions } from "@rescind/verifier";
import { type MockIssuer, type MockTarget, mockIssuer } from "@rescind/verifier/testing";

const audience = "https://api.example";

interface World {
  readonly issuer: MockIssuer;
  readonly verifier: Verifier;
}

async function world(t: TestContext, options: Partial<VerifierOptions> = {}): Promise<World> {
  const issuer = await mockIssuer({ audience });
  const verifier = await createVerifier({ ...issuer.options, ...options });
  t.after(async () => {
    await verifier.close();
    await issuer.close();
  });
  return { issuer, verifier };
}

async function codeOf(verifier: Verifier, token: string): Promise<string> {
  return verifier.verify(token).then(
    () => "accepted",
    (cause: unknown) => {
      assert.ok(cause instanceof TokenRejected, String(cause));
      return cause.code;
    },
  );
}

test("an order of a person who was sent away is refused", async (t) => {
  const issuer = await mockIssuer({ audience });
  const verifier = await createVerifier(issuer.options);
  t.after(() => verifier.close());
  const api = verifier.fetchHandler(
    { scope: "orders:read" },
    (_request, token) => new Response(token.subject),
  );
  const ask = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return api(new Request("https://api.example/orders", { headers }));
  };
  const token = await issuer.token({ subject: "usr_ada", scope: "orders:read" });
  assert.equal(await (await ask(token)).text(), "usr_ada");
  await issuer.revoke({ subject: "usr_ada" });
  assert.equal((await ask(token)).status, 401);
  await issuer.close();
});

test("claims are what was asked for, and bad tokens are bad", async (t) => {
  const { issuer, verifier } = await world(t);
  const token = await issuer.token({ scope: "a b", sessionId: "ses_1", clientId: "shop", groups: ["staff"] });
  const verified = await verifier.verify(token, { scope: "a" });
  assert.deepEqual(
    [verified.sessionId, verified.clientId, verified.claims.groups],
    ["ses_1", "shop", ["staff"]],
  );
  assert.equal(await codeOf(verifier, await issuer.token({ expiresIn: -60 })), "expired");
  assert.equal(await codeOf(verifier, await issuer.token({ audience: "https://other.example" })), "audience");
  assert.equal(await codeOf(verifier, await issuer.token({ jti: undefined })), "claims");
  assert.equal(await codeOf(verifier, `${token.slice(0, -10)}AAAAAAAAAA`), "signature");
  assert.equal(await codeOf(verifier, await (await mockIssuer({ audience })).token()), "signature");
});

test("whatever unit is revoked, its tokens are refused and others are not, at every verifier", async (t) => {
  const { issuer, verifier } = await world(t);
  const second = await createVerifier(issuer.options);
  t.after(() => second.close());
  const unit = { subject: "usr_9", clientId: "app", sessionId: "ses_9" };
  const targets: ((names: { jti: string; grantId: string }) => MockTarget)[] = [
    ({ jti }) => ({ tokenId: jti }),
    ({ grantId }) => ({ grantId }),
    () => ({ sessionId: "ses_9" }),
    () => ({ subject: "usr_9" }),
    () => ({ subject: "usr_9", clientId: "app" }),
    () => ({ clientId: "app" }),
    () => ({ all: true }),
  ];
  for (const [index, target] of targets.entries()) {
    // A revoked token id or grant never lives again: each round has its own.
    const names = { jti: `tok_${index}`, grantId: `grt_${index}` };
    const isLast = index === targets.length - 1;
    const token = await issuer.token({ ...unit, ...names });
    const other = await issuer.token();
    assert.equal(await codeOf(verifier, token), "accepted");
    await issuer.revoke(target(names));
    for (const one of [verifier, second]) {
      assert.equal(await codeOf(one, token), "revoked", JSON.stringify(target(names)));
      assert.equal(await codeOf(one, other), isLast ? "revoked" : "accepted");
    }
    assert.equal(
      await codeOf(verifier, await issuer.token({ sessionId: "new" })),
      "accepted",
      "later ones live",
    );
  }
  const token = await issuer.token();
  await issuer.revoke(token);
  assert.equal(await codeOf(verifier, token), "revoked");
  await assert.rejects(issuer.revoke("no token"), TypeError);
});

test("a silent issuer makes verifiers stale after their bound, and one that came back fresh again", async (t) => {
  const { issuer, verifier } = await world(t, { maxStaleness: 60 });
  const token = await issuer.token();
  issuer.goSilent();
  assert.equal(await codeOf(verifier, token), "accepted");
  await issuer.revoke(token);
  assert.equal(await codeOf(verifier, token), "accepted", "it cannot know yet");
  issuer.advance(61);
  assert.equal(await codeOf(verifier, token), "stale");
  issuer.comeBack();
  assert.ok(["inactive", "revoked"].includes(await codeOf(verifier, token)), "it asks");
});

test("time that is moved on ends what it ends", async (t) => {
  const { issuer, verifier } = await world(t, { maxStaleness: 3600 });
  const token = await issuer.token({ expiresIn: 60 });
  assert.equal(await codeOf(verifier, token), "accepted");
  issuer.advance(75);
  assert.equal(await codeOf(verifier, token), "expired");
});
