// Tail latency of an open loop: requests come at half of what the server can, whatever was answered, and each is timed
// from when it was due.

import type { LoadGenerator } from "../load/load-generator.ts";
import type { Round } from "../load/round.ts";
import { opaqueTokens } from "../rows/client-credentials.ts";
import { type Asked, introspection, revocation } from "./at-size.ts";
import type { GrownServer } from "./grown-server.ts";

export interface Tail {
  readonly title: string;
  /** Requests a second: in a closed loop of 128 connections, and those that were due. */
  readonly capacity: number;
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

const connections = 128;

/** @throws Error an answer was not as it must be */
export async function measureTails({ server, load, live }: Asked, seconds: number): Promise<Tail[]> {
  await load.fill("live", live);
  const keep = { exchange: introspection(server), connections, take: { queue: "live", keep: true } };
  const once = { exchange: revocation(server), connections, take: { queue: "to-revoke", keep: false } };
  const supply = (requests: number): Promise<void> => issue(server, load, requests);
  return [
    await measureTail("introspection", keep, { load, seconds }),
    await measureTail("revocation", once, { load, seconds, supply }),
  ];
}

interface Course {
  readonly load: LoadGenerator;
  readonly seconds: number;
  supply?(requests: number): Promise<void>;
}

async function measureTail(title: string, round: Omit<Round, "requests">, course: Course): Promise<Tail> {
  const { load, seconds, supply } = course;
  const run = async (requests: number, rate?: number) => {
    await supply?.(requests);
    const result = await load.run({ ...round, requests, rate });
    if (result.failures > 0) throw new Error(`${title}: ${result.failed[0]}`);
    return result;
  };
  let capacity = 1_000;
  // Until the code is compiled; the last one counts.
  for (const share of [0.5, 0.5, 1]) {
    const closed = await run(Math.ceil(capacity * share * Math.min(3, seconds)));
    capacity = closed.requests / closed.seconds;
  }
  const rate = capacity / 2;
  const { latency } = await run(Math.ceil(rate * seconds), rate);
  return { title, capacity, rate, ...latency };
}

async function issue(server: GrownServer, load: LoadGenerator, requests: number): Promise<void> {
  await load.fill("to-revoke", []);
  const give = { queue: "to-revoke", member: "access_token" };
  const { failures, failed } = await load.run({
    exchange: opaqueTokens(server),
    connections,
    requests,
    give,
  });
  if (failures > 0) throw new Error(`tokens were not issued: ${failed[0]}`);
}
