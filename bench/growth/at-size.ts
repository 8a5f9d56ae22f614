// What every endpoint takes at one size of the database: rounds of few connections for the hot ones, so that no queue
// stands before what is timed, and single requests for lists and looks.

import { formPost } from "../contenders/contender.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import type { Exchange, RoundResult } from "../load/round.ts";
import { clientCredentialsJwt, opaqueTokens } from "../rows/client-credentials.ts";
import { refresh } from "../rows/refresh.ts";
import type { GrownServer } from "./grown-server.ts";

const connections = 4;

export interface Figure {
  readonly title: string;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Asked {
  readonly server: GrownServer;
  readonly load: LoadGenerator;
  /** Texts of live tokens, spread over all that there are. */
  readonly live: readonly string[];
  /** Of each round. */
  readonly requests: number;
}

/** @throws Error an answer was not as it must be */
export async function measureEndpoints(asked: Asked): Promise<Figure[]> {
  const { server, load, requests, live } = asked;
  const figures: Figure[] = [];
  const round = async (title: string, exchange: Exchange, tokens: object = {}): Promise<RoundResult> => {
    const result = await load.run({ exchange, connections, requests, ...tokens });
    if (result.failures > 0) throw new Error(`${title}: ${result.failed[0]}`);
    figures.push({ title, ...result.latency });
    return result;
  };
  await load.run({ exchange: opaqueTokens(server), connections, requests }); // compiled code
  await round("client credentials, opaque", opaqueTokens(server), {
    give: { queue: "issued", member: "access_token" },
  });
  const jwt = await clientCredentialsJwt.prepare(server, load, requests);
  await round("client credentials, JWT", jwt.round.exchange);
  await load.fill("live", live);
  await round("introspection", introspection(server), { take: { queue: "live", keep: true } });
  const rotation = await refresh.prepare(server, load, requests);
  await round("refresh with rotation", rotation.round.exchange, {
    take: rotation.round.take,
    give: rotation.round.give,
  });
  const revoked = await round("revocation", revocation(server), { take: { queue: "issued", keep: false } });
  for (const token of revoked.samples.taken)
    if (await isActive(server, token)) throw new Error("a revoked token is active");
  figures.push(...(await measureLooks(server, Math.ceil(Math.min(requests / 10, 40)))));
  return figures;
}

export function introspection(server: GrownServer): Exchange {
  return formPost(server, {
    path: server.paths.introspect,
    authorization: server.clients.opaque,
    form: "token=",
    members: { active: "true", exp: "number" },
  });
}

export function revocation(server: GrownServer): Exchange {
  const { paths, clients } = server;
  return formPost(server, { path: paths.revoke, authorization: clients.opaque, form: "token=", members: {} });
}

async function isActive(server: GrownServer, token: string): Promise<boolean> {
  const answer = await fetch(`${server.issuer}${server.paths.introspect}`, {
    method: "POST",
    headers: { authorization: server.clients.opaque },
    body: new URLSearchParams({ token }),
  });
  return ((await answer.json()) as { active: boolean }).active; // RFC 7662 section 2.2
}

/** What administrators and verifiers ask now and then. */
async function measureLooks(server: GrownServer, times: number): Promise<Figure[]> {
  const { opaqueClient } = server;
  const looks: Record<string, string> = {
    "list of a client's live tokens": `/admin/v1/tokens?client_id=${opaqueClient}&status=live&limit=50`,
    "list of a subject's grants": "/admin/v1/grants?subject=usr_1&limit=50",
    "history of orders": "/admin/v1/revocations?limit=50",
    "audit records": "/admin/v1/audit?limit=50",
    "settings, which count rows": "/admin/v1/settings",
    readiness: "/readyz",
  };
  const figures: Figure[] = [];
  for (const [title, path] of Object.entries(looks)) {
    const taken: number[] = [];
    for (let time = 0; time < times; time++) {
      const began = performance.now();
      const answer = await fetch(`${server.issuer}${path}`, {
        headers: { authorization: server.authorization },
      });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      taken.push(performance.now() - began);
    }
    const sorted = taken.sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
    figures.push({ title, p50: at(0.5), p99: at(0.99), longest: at(1) });
  }
  return figures;
}
