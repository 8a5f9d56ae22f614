// Measures servers against each other: all warmed up first, then in alternating rounds, so that what else the machine
// does meets them alike.

import { randomBytes } from "node:crypto";
import { formatToken, randomBytesPerToken } from "@rescind/core";
import { startLimit } from "../contenders/limits.ts";
import { startOurs } from "../contenders/ours.ts";
import { startPeer } from "../contenders/peer.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import { opaqueTokens } from "../rows/client-credentials.ts";
import { revocation } from "../rows/revocation.ts";
import type { Row } from "../rows/row.ts";
import type { Options } from "./options.ts";
import { connections, Side } from "./side.ts";

export interface Compared {
  readonly title: string;
  readonly atLeast: number | undefined;
  readonly sides: readonly Side[];
}

interface Stoppable {
  stop(): Promise<void>;
}

/** One row: our server with an empty database and a fresh peer. */
export async function compareRow(row: Row, load: LoadGenerator, options: Options): Promise<Compared> {
  return withServers(async (started) => {
    const tokens = options.requests ?? row.tokens?.[options.quick ? "quick" : "full"] ?? 0;
    const sides: Side[] = [];
    for (const start of [() => startOurs(options), startPeer]) {
      const contender = started(await start());
      sides.push(new Side(contender, await row.prepare(contender, load, tokens), load));
    }
    await alternate(sides, options);
    return { title: row.title, atLeast: row.atLeast, sides };
  });
}

/** What can be had at most: a small form in, a small JSON object out. */
export async function compareLimits(load: LoadGenerator, options: Options): Promise<Compared> {
  return withServers(async (started) => {
    const sides: Side[] = [];
    for (const name of ["node:http", "Fastify"] as const) {
      const limit = started(await startLimit(name));
      const exchange = {
        ports: [limit.port],
        path: "/",
        authorization: `Basic ${"x".repeat(100)}`,
        contentType: "application/x-www-form-urlencoded",
        body: { before: "grant_type=client_credentials&scope=read", after: "" },
        status: 200,
        members: { access_token: "text" },
      } as const;
      sides.push(new Side(limit, { round: { exchange }, prove: async () => [] }, load));
    }
    await alternate(sides, options);
    return { title: "limit: a small POST", atLeast: undefined, sides };
  });
}

const revoked = "revoked before";
const unknown = "never issued";

/** THREATS RV-06: how long a revocation takes that changes nothing must not tell why. Both are our server. */
export async function compareInVain(load: LoadGenerator, options: Options): Promise<Compared> {
  return withServers(async (started) => {
    const contender = started(await startOurs(options));
    const tokens = options.requests ?? 5_000;
    const { round } = await revocation.prepare(contender, load, tokens);
    const issued = { exchange: opaqueTokens(contender), give: { queue: revoked, member: "access_token" } };
    const takenFrom = (queue: string) => ({ ...round, take: { queue, keep: true } });
    for (const first of [issued, takenFrom(revoked)]) {
      const { failures, failed } = await load.run({ ...first, connections, requests: tokens });
      if (failures > 0) throw new Error(`tokens were not issued or revoked: ${failed[0]}`);
    }
    await load.fill(unknown, unknownTokens(tokens));
    const prove = async (): Promise<string[]> => [];
    const sides = [
      new Side({ ...contender, name: revoked }, { round: takenFrom(revoked), prove }, load),
      new Side({ ...contender, name: unknown }, { round: takenFrom(unknown), prove }, load),
    ];
    await alternate(sides, options);
    return { title: "revocation in vain", atLeast: undefined, sides };
  });
}

/** Well-formed access tokens that no server has issued: of the first milliseconds of row ids. */
function unknownTokens(count: number): string[] {
  return Array.from({ length: count }, (_, number) =>
    formatToken("access", String(number + 1), randomBytes(randomBytesPerToken)),
  );
}

async function alternate(sides: readonly Side[], options: Options): Promise<void> {
  for (const side of sides) await side.warmUp(options);
  for (let round = 0; round < options.rounds; round++) for (const side of sides) await side.measure();
}

/** Whatever was started is stopped, however the work ends. */
async function withServers<Result>(
  work: (started: <Server extends Stoppable>(server: Server) => Server) => Promise<Result>,
): Promise<Result> {
  const running: Stoppable[] = [];
  try {
    return await work((server) => {
      running.push(server);
      return server;
    });
  } finally {
    for (const server of running) await server.stop();
  }
}
