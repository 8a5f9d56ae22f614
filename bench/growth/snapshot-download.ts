// A verifier's first snapshot of many standing entries: bytes and time, anew and from the server's memory, and how long
// others waited meanwhile.

import type { LoadGenerator } from "../load/load-generator.ts";
import { introspection } from "./at-size.ts";
import type { GrownServer } from "./grown-server.ts";

export interface Download {
  readonly bytes: number;
  readonly firstMs: number;
  readonly againMs: number;
  /** The longest answer to others while the first was made, milliseconds. */
  readonly othersLongest: number;
}

/** Introspections a second of others meanwhile. */
const rate = 100;

/** `live` tokens are in the load's queue of that name. */
export async function downloadSnapshot(
  server: GrownServer,
  load: LoadGenerator,
  forS: number,
): Promise<Download> {
  const token = await feedToken(server);
  const others = load.run({
    exchange: introspection(server),
    connections: 16,
    requests: Math.ceil(rate * forS),
    rate,
    take: { queue: "live", keep: true },
  });
  const first = await timed(server, token);
  const { latency, failures, failed } = await others;
  if (failures > 0) throw new Error(`while a snapshot was made: ${failed[0]}`);
  const again = await timed(server, token);
  return {
    bytes: first.bytes,
    firstMs: first.milliseconds,
    againMs: again.milliseconds,
    othersLongest: latency.longest,
  };
}

async function timed(server: GrownServer, token: string): Promise<{ bytes: number; milliseconds: number }> {
  const began = performance.now();
  const answer = await fetch(`${server.issuer}/revocations/snapshot`, {
    // As it goes over the wire: undici would unpack it otherwise.
    headers: { authorization: `Bearer ${token}`, "accept-encoding": "gzip" },
  });
  const bytes = Number(answer.headers.get("content-length") ?? 0);
  const plain = (await answer.arrayBuffer()).byteLength;
  if (!answer.ok) throw new Error(`snapshot: ${answer.status}`);
  return { bytes: bytes === 0 ? plain : bytes, milliseconds: performance.now() - began };
}

async function feedToken({ issuer, authorization }: GrownServer): Promise<string> {
  const client = await fetch(`${issuer}/admin/v1/clients`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ name: "Feed", grant_types: ["client_credentials"], scope: "rescind:feed" }),
  });
  const { client_id, client_secret } = (await client.json()) as Record<string, string>; // the contract's answer
  const answer = await fetch(`${issuer}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: client_id ?? "",
      client_secret: client_secret ?? "",
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token; // RFC 6749 section 5.1
}
