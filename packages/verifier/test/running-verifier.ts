// A verifier beside a peer, both gone when the test ends.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  createVerifier,
  type RejectionCode,
  TokenRejected,
  type Verifier,
  type VerifierOptions,
} from "@rescind/verifier";
import { audience, clientId, clientSecret, FeedPeer } from "./feed-peer.ts";
import { until } from "./until.ts";

export async function startPeer(t: TestContext): Promise<FeedPeer> {
  const peer = await FeedPeer.start();
  t.after(() => peer.close());
  return peer;
}

export async function startVerifier(
  t: TestContext,
  peer: FeedPeer,
  options: Partial<VerifierOptions> = {},
): Promise<Verifier> {
  const verifier = await createVerifier({
    issuer: peer.issuer,
    audience,
    clientId,
    clientSecret,
    ...options,
  });
  t.after(() => verifier.close());
  return verifier;
}

/** The code a token is rejected with, or "accepted". */
export async function verdict(
  verifier: Verifier,
  token: string,
  scope?: string,
): Promise<RejectionCode | "accepted"> {
  try {
    await verifier.verify(token, { scope });
    return "accepted";
  } catch (cause) {
    assert.ok(cause instanceof TokenRejected, `verify threw something else: ${String(cause)}`);
    return cause.code;
  }
}

export async function untilVerdict(verifier: Verifier, token: string, expected: string): Promise<void> {
  await until(`the verdict is ${expected}`, async () => (await verdict(verifier, token)) === expected);
}

export async function untilFresh(verifier: Verifier): Promise<void> {
  await until("the verifier is fresh", () => verifier.status().freshness === "fresh");
}
