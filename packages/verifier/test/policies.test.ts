// Policies of routes: what a route asks beside what the verifier asks of every token, and the challenges that tell of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenRejected } from "@rescind/verifier";
import { startPeer, startVerifier } from "./running-verifier.ts";
import { until } from "./until.ts";

const api = "https://api.example";
const reports = "https://reports.example";

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => "accepted",
    (cause: unknown) => {
      assert.ok(cause instanceof TokenRejected, String(cause));
      return cause.code;
    },
  );
}

test("a route may be for fewer audiences than the verifier", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, { audience: [api, reports] });
  const forApi = await peer.issue({ aud: api });
  const forBoth = await peer.issue({ aud: [api, reports] });
  assert.equal(await codeOf(verifier.verify(forApi)), "accepted");
  assert.equal(await codeOf(verifier.verify(forApi, { audience: reports })), "audience");
  assert.equal(await codeOf(verifier.verify(forApi, { audience: [reports, api] })), "accepted");
  assert.equal(await codeOf(verifier.verify(forBoth, { audience: reports })), "accepted");
});

test("requirements that cannot be are a TypeError that names them, before any request", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, { policies: { strict: { scope: "a" } } });
  const wrong: [object | string, RegExp][] = [
    [{ audience: "https://other.example" }, /audience/],
    [{ audience: [] }, /audience/],
    [{ maxStaleness: 6 }, /maxStaleness/],
    [{ maxStaleness: 0 }, /maxStaleness/],
    [{ maxStaleness: Number.NaN }, /maxStaleness/],
    [{ onStale: "accept" }, /onStale/],
    [{ scope: 'a"b' }, /scope/],
    [{ acr: [] }, /acr/],
    [{ acr: 'a"b' }, /acr/],
    [{ maxAge: -1 }, /maxAge/],
    ["loose", /no policy loose; the option policies has strict/],
  ];
  for (const [requirements, message] of wrong) {
    assert.throws(() => verifier.express(requirements as string), { name: "TypeError", message });
    await assert.rejects(verifier.verify("x", requirements as string), { name: "TypeError", message });
  }
  await assert.rejects(startVerifier(t, peer, { policies: { strict: { maxStaleness: 60 } } }), TypeError);
});

test("a route may ask how and when the person signed in, and its challenge says so (RFC 9470)", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer);
  const at = Math.floor(Date.now() / 1000);
  const [strong, old, silent] = await Promise.all([
    peer.issue({ acr: "phr", auth_time: at }),
    peer.issue({ acr: "pwd", auth_time: at - 3600 }),
    peer.issue(),
  ]);
  for (const [requirements, rejected] of [
    [{ acr: ["phr", "phrh"] }, [old, silent]],
    [{ maxAge: 300 }, [old, silent]],
    [{ acr: "pwd", maxAge: 300 }, [old, silent, strong]],
  ] as const)
    for (const token of [strong, old, silent])
      assert.equal(
        await codeOf(verifier.verify(token, requirements)),
        rejected.some((other) => other === token) ? "insufficient-authentication" : "accepted",
        JSON.stringify(requirements),
      );
  const refusal: unknown = await verifier
    .verify(old, { acr: ["phr", "phrh"], maxAge: 300 })
    .catch((cause) => cause);
  assert.ok(refusal instanceof TokenRejected);
  assert.equal(refusal.status, 401);
  assert.match(
    refusal.wwwAuthenticate ?? "",
    /^Bearer error="insufficient_user_authentication", error_description="[^"]+", acr_values="phr phrh", max_age="300"$/,
  );
  const expired: unknown = await verifier
    .verify(await peer.issue({ exp: 1 }), { acr: "phr" })
    .catch((cause) => cause);
  assert.ok(expired instanceof TokenRejected);
  assert.doesNotMatch(expired.wwwAuthenticate ?? "", /acr_values/);
});

test("a policy is chosen by its name", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, {
    maxStaleness: 3600,
    policies: { strict: { scope: "orders:write", maxStaleness: 1800, onStale: "reject" } },
  });
  assert.equal(await codeOf(verifier.verify(await peer.issue(), "strict")), "insufficient-scope");
  const writer = await peer.issue({ scope: "orders:read orders:write" });
  assert.equal(await codeOf(verifier.verify(writer, "strict")), "accepted");
});

test("a route with a shorter bound asks, or refuses, while others still decide by themselves", async (t) => {
  const peer = await startPeer(t);
  let ahead = 0;
  const clock = () => ({ mono: performance.now() + ahead, wall: Date.now() + ahead });
  const verifier = await startVerifier(t, peer, { clock, maxStaleness: 3600 });
  const token = await peer.issue();
  const short = { maxStaleness: 60, onStale: "reject" } as const;
  assert.equal(await codeOf(verifier.verify(token, short)), "accepted");
  peer.faults.noLeases = true;
  const asked = peer.acknowledgements.length;
  await until("a lease was refused", () => peer.acknowledgements.length > asked + 1);
  ahead = 61_000;
  assert.equal(await codeOf(verifier.verify(token)), "accepted");
  assert.equal(peer.timesAsked("/introspect"), 0);
  assert.equal(await codeOf(verifier.verify(token, short)), "stale");
  assert.equal(await codeOf(verifier.verify(token, { maxStaleness: 60 })), "accepted");
  assert.equal(peer.timesAsked("/introspect"), 1);
  peer.faults.noIntrospection = true;
  assert.equal(await codeOf(verifier.verify(token, { maxStaleness: 60 })), "stale");
});

test("RFC 9728 section 5.1: every challenge names the metadata, which says whose tokens are taken", async (t) => {
  const peer = await startPeer(t);
  const url = `${api}/.well-known/oauth-protected-resource`;
  const verifier = await startVerifier(t, peer, { resourceMetadata: url });
  const handler = verifier.fetchHandler({ scope: "orders:read" }, () => new Response("ok"));
  const ask = async (headers: Record<string, string>) => {
    const response = await handler(new Request(`${api}/orders`, { headers }));
    return response.headers.get("www-authenticate");
  };
  assert.equal(await ask({}), `Bearer scope="orders:read", resource_metadata="${url}"`);
  assert.equal(
    await ask({ authorization: "Bearer x" }),
    'Bearer error="invalid_token", error_description="The access token is not active.", ' +
      `scope="orders:read", resource_metadata="${url}"`,
  );
  assert.deepEqual(verifier.resourceMetadata({ scopes: ["orders:read"] }), {
    resource: api,
    authorization_servers: [peer.issuer],
    scopes_supported: ["orders:read"],
    bearer_methods_supported: ["header"],
  });
  assert.ok(!("scopes_supported" in verifier.resourceMetadata()));
});

test("metadata is that of a URL, and its place is one", async (t) => {
  const peer = await startPeer(t);
  const verifier = await startVerifier(t, peer, { audience: "orders" });
  assert.throws(() => verifier.resourceMetadata(), TypeError);
  for (const resourceMetadata of ["orders", "https://a.example/x?y", "javascript:alert(1)"])
    await assert.rejects(startVerifier(t, peer, { resourceMetadata }), /resourceMetadata/);
});
