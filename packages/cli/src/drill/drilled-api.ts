// One API in a drill: whether it takes the token at all, and from when on it refuses it.

import { setTimeout as pause } from "node:timers/promises";
import { refused } from "../failure.ts";

interface Api {
  readonly url: string;
  readonly method: string;
}

/** An API that took the token before it was revoked. */
export interface Called extends Api {
  readonly before: number;
}

export interface Drilled extends Called {
  /** The last status. */
  readonly after: number;
  /** From the revocation's answer to the first refusal; undefined: it never came. Milliseconds. */
  readonly refusedAfterMs: number | undefined;
  readonly calls: number;
}

const callTimeoutMs = 5_000;
const betweenCallsMs = 20;

/** @throws Failure where nobody answers, or the token is refused before anything was revoked: then nothing is learnt */
export async function firstCall(api: Api, token: string): Promise<Called> {
  const before = await call(api, token);
  if (before === undefined) throw refused(`${api.url} does not answer; nothing was revoked`);
  if (before === 401 || before >= 500)
    throw refused(`${api.url} answers ${before} to a good token; is --audience right? Nothing was revoked.`);
  return { ...api, before };
}

/** Shows the token again and again. Times are milliseconds of `performance.now()`. */
export async function callUntilRefused(
  api: Called,
  token: string,
  { since, until }: { readonly since: number; readonly until: number },
): Promise<Drilled> {
  let after = api.before;
  for (let calls = 1; ; calls += 1) {
    after = (await call(api, token)) ?? after;
    const now = performance.now();
    if (after === 401) return { ...api, after, refusedAfterMs: Math.round(now - since), calls };
    if (now > until) return { ...api, after, refusedAfterMs: undefined, calls };
    await pause(betweenCallsMs);
  }
}

/** The status; undefined if there was no answer in time. The token goes nowhere but to the URL named. */
async function call({ url, method }: Api, token: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}` },
      redirect: "manual",
      signal: AbortSignal.timeout(callTimeoutMs),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}
