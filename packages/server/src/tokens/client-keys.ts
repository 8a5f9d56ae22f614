// Public keys of `private_key_jwt` clients: inline `jwks`, or fetched from `jwks_uri` and remembered for five minutes.

import type { Client } from "@rescind/core";
import { fetchOutside } from "../http/outside-fetch.ts";

const rememberedMs = 300_000;
const mostRemembered = 1000;

/** Returns how to get a client's key set; rejects where there is none or it cannot be fetched safely. */
export function clientKeys(allowPrivate: boolean, now: () => number): (client: Client) => Promise<unknown> {
  const remembered = new Map<string, { readonly keys: Promise<unknown>; readonly untilMs: number }>();
  return (client) => {
    if (client.jwks !== undefined) return Promise.resolve(client.jwks);
    const uri = client.jwksUri;
    if (uri === undefined) return Promise.reject(new Error("the client has no keys"));
    const known = remembered.get(uri);
    if (known !== undefined && known.untilMs > now()) return known.keys;
    const keys = fetchOutside(uri, { timeoutMs: 5000, mostBytes: 64 * 1024, allowPrivate });
    remembered.delete(uri);
    remembered.set(uri, { keys, untilMs: now() + rememberedMs });
    keys.catch(() => remembered.delete(uri));
    const oldest = remembered.size > mostRemembered ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    return keys;
  };
}
