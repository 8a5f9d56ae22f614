// A server in a process of its own, what its verifiers need, and a clock over their refusals.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { VerifierOptions } from "@rescind/verifier";
import { type RegisteredClient, requireStatus, type ServerProcess } from "../faults/server-process.ts";
import { type Host, sum } from "./host.ts";
import { monotonicMs, type Verdicts } from "./messages.ts";

export const resource = "https://api.example";
/** Seconds: the verifiers' own bound. */
export const maxStaleness = 5;

export interface World {
  readonly server: ServerProcess;
  readonly app: RegisteredClient;
  /** What a verifier of this server is told. */
  readonly options: VerifierOptions;
  /** A new JWT for the API. */
  token(): Promise<string>;
}

/** @param issuer where verifiers reach the server, if that is not the server itself */
export async function prepareWorld(server: ServerProcess, issuer: string = server.issuer): Promise<World> {
  const kind = { resource, access_token_format: "jwt" };
  const { status } = await server.admin("POST", "/admin/v1/resources", kind);
  assert.ok(status === 200 || status === 201);
  const app = await server.registerClient({ audience: [resource] });
  const api = await server.registerClient({
    name: "API",
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect",
  });
  return {
    server,
    app,
    options: {
      issuer,
      audience: resource,
      clientId: api.client_id,
      clientSecret: api.client_secret,
      maxStaleness,
      startTimeout: 60,
    },
    token: () => server.clientToken(app, { resource }),
  };
}

/** Revokes a token; when the answer was there, in milliseconds of the system's monotonic clock. */
export async function revoke({ server, app }: World, token: string): Promise<number> {
  requireStatus(await server.form("/oauth2/revoke", { token }, app), 200);
  return monotonicMs();
}

/**
 * Revokes a token that all verifiers accept; milliseconds from the answer to each one's first refusal.
 * @param bound seconds: the verifiers' `maxStaleness`
 */
export async function timesToRefusal(
  world: World,
  hosts: readonly Host[],
  bound = maxStaleness,
): Promise<{ token: string; times: number[] }> {
  const token = await world.token();
  const watches = await Promise.all(hosts.map((host) => host.watch(token)));
  const all = hosts.reduce((count, host) => count + host.count, 0);
  // On a machine that stood still one may be too old to decide.
  const { accepted: by = 0, stale = 0, ...others } = sum(watches.map(({ verdicts }) => verdicts));
  assert.deepEqual(others, {});
  assert.ok(by > 0 && by + stale === all, `${by} of ${all} accept it, ${stale} are stale`);
  const answeredAt = await revoke(world, token);
  const refusals = await Promise.all(watches.map(({ refused }) => refused));
  assertRefused(sum(refusals.map(({ verdicts }) => verdicts)), all);
  const times = refusals.flatMap(({ at }) => at.map((refusedAt) => refusedAt - answeredAt));
  // By when they were asked: how late a refusal is seen is this machine's affair.
  const accepted = Math.max(...refusals.map(({ acceptedAt }) => acceptedAt - answeredAt));
  assert.ok(accepted <= bound * 1000, `A2: one accepted for ${accepted} ms`);
  return { token, times };
}

/** Refused by all: as revoked, or on a busy machine by who was stale, after asking the server or since it did not answer. */
export function assertRefused(
  { revoked = 0, inactive = 0, stale = 0, ...others }: Verdicts,
  all: number,
): void {
  assert.deepEqual(others, {});
  assert.equal(revoked + inactive + stale, all);
}

/** Acceptances of what was never revoked, and nothing else but that it was not known, for a moment on a busy machine. */
export async function assertKept(hosts: readonly Host[]): Promise<number> {
  const kept: Verdicts = sum(await Promise.all(hosts.map(async (host) => (await host.report()).kept)));
  const { accepted = 0, stale = 0, ...others } = kept;
  assert.deepEqual(others, {});
  assert.ok(accepted > stale, JSON.stringify(kept));
  return accepted;
}

/** Revokes so many subjects a second until `over`; resolves with how many. */
export async function revokeSteadily(
  server: ServerProcess,
  perSecond: number,
  over: AbortSignal,
): Promise<number> {
  const began = monotonicMs();
  const underWay = new Set<Promise<void>>();
  let ordered = 0;
  while (!over.aborted) {
    const due = ((monotonicMs() - began) * perSecond) / 1000;
    for (; ordered < due && underWay.size < 64; ordered++) {
      const order = orderSubject(server).finally(() => underWay.delete(order));
      underWay.add(order);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(underWay);
  return ordered;
}

async function orderSubject(server: ServerProcess): Promise<void> {
  const select = { subject: `usr_${randomUUID()}` };
  requireStatus(await server.admin("POST", "/admin/v1/revocations", { select }), 201);
}

export function quantiles(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}
