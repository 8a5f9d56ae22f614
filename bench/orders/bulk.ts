// Many single tokens at once, and what everybody else notices of it (THREATS RV-18): callers at a steady pace, before and
// meanwhile.

import type { OwnServer } from "./own-server.ts";

/** As `rescind revoke --file` sends them. */
const perCall = 1_000;
const inFlight = 2;
/** Milliseconds between two requests of others: introspection and issuing in turn. */
const pace = 5;
const idleMs = 4_000;

export interface Others {
  readonly requests: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Bulk {
  readonly tokens: number;
  readonly seconds: number;
  /** Of the server meanwhile, with all its threads and for the others too; undefined where the system does not say. */
  readonly processorSeconds: number | undefined;
  readonly idle: Others;
  readonly meanwhile: Others;
}

/** @param client a client whose tokens the others get and ask about */
export async function timeBulk(
  ids: readonly string[],
  client: { readonly id: string; readonly authorization: string },
  server: OwnServer,
): Promise<Bulk> {
  await others(client, server).during(pause(1_000)); // connections and compiled code
  const idle = await others(client, server).during(pause(idleMs));
  const usedBefore = server.processorSeconds();
  const began = performance.now();
  const order = revokeAll(ids, server).then(() => (performance.now() - began) / 1000);
  order.catch(() => undefined); // told below; what fails first is what counts
  const meanwhile = await others(client, server).during(order);
  const seconds = await order;
  const used = server.processorSeconds();
  const processorSeconds = used === undefined || usedBefore === undefined ? undefined : used - usedBefore;
  return { tokens: ids.length, seconds, processorSeconds, idle, meanwhile };
}

async function revokeAll(ids: readonly string[], server: OwnServer): Promise<void> {
  let next = 0;
  let revoked = 0;
  const lane = async (): Promise<void> => {
    while (next < ids.length) {
      const token_ids = ids.slice(next, next + perCall);
      next += perCall;
      const answer = await server.admin("revocations/bulk", { token_ids });
      revoked += Number(answer.revoked);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  if (revoked !== ids.length) throw new Error(`${revoked} of ${ids.length} tokens were revoked`);
}

function others(client: { readonly authorization: string }, server: OwnServer) {
  const times: number[] = [];
  let token = "";
  const ask = async (path: string, fields: Record<string, string>): Promise<Record<string, unknown>> => {
    const began = performance.now();
    const response = await fetch(`${server.issuer}${path}`, {
      method: "POST",
      headers: { authorization: client.authorization },
      body: new URLSearchParams(fields),
    });
    const answer = (await response.json()) as Record<string, unknown>; // checked by the caller
    times.push(performance.now() - began);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const issue = async (): Promise<void> => {
    token = String((await ask("/oauth2/token", { grant_type: "client_credentials" })).access_token);
  };
  const introspect = async (): Promise<void> => {
    if ((await ask("/oauth2/introspect", { token })).active !== true)
      throw new Error("a live token is not active");
  };
  return {
    async during(work: Promise<unknown>): Promise<Others> {
      await issue();
      const asked: Promise<unknown>[] = [];
      let turn = 0;
      const timer = setInterval(() => {
        const one = turn++ % 2 === 0 ? issue() : introspect();
        asked.push(one);
        one.catch(() => undefined); // told below
      }, pace);
      await work;
      clearInterval(timer);
      await Promise.all(asked);
      const sorted = times.sort((a, b) => a - b);
      const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
      return { requests: sorted.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
