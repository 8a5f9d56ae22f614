// Asks the feed for one lease, as a verifier does: does the log hang together, and does the server acknowledge?

import { randomUUID } from "node:crypto";
import type { Connection } from "./connection.ts";
import type { Found } from "./doctor/finding.ts";
import { fetchFrom, jsonObject } from "./exchange.ts";

/** Seconds: short, so that this visitor is soon no longer waited for. */
const maxStaleness = 1;

export async function checkLease(connection: Connection): Promise<Found> {
  const first = await call(connection, "/revocations?limit=1");
  if (first.status === 403)
    return { result: "skipped", detail: "these credentials have no scope rescind:feed" };
  const { head } = await jsonObject(first);
  if (!first.ok || typeof head !== "number")
    return { result: "failed", detail: `/revocations: status ${first.status}` };
  // After the head there is nothing, so the page's hash is the head's own; unless something was revoked meanwhile.
  const { entries, hash } = await jsonObject(await call(connection, `/revocations?after=${head}`));
  const applied = { seq: head + (Array.isArray(entries) ? entries.length : 0), hash };
  const nonce = randomUUID();
  const lease = await call(connection, "/revocations/acks", {
    verifier: `doctor-${nonce}`,
    name: "rescind doctor",
    applied,
    max_staleness: maxStaleness,
    nonce,
  });
  const answer = await jsonObject(lease);
  if (!lease.ok)
    return { result: "failed", detail: `no lease: ${answer.detail ?? `status ${lease.status}`}` };
  if (answer.nonce !== nonce) return { result: "failed", detail: "the lease answers another request" };
  return { result: "ok", detail: `lease at seq ${answer.head}` };
}

async function call(
  connection: Connection,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<Response> {
  return fetchFrom(connection.server)(connection.server + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      authorization: `Bearer ${await connection.feedToken()}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
}
