// Whether the database or the cache is reached in a way that anybody on the network could read or use: THREATS WEB-25.
// Pure; the configuration refuses what is found here unless the operator consents.

import { isIP } from "node:net";
import type { CacheAddress } from "./cache/address.ts";

/** True for this machine's own addresses and for `localhost`; `host` may stand in brackets. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "");
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}

/** What is missing for a cache beyond this machine, in a sentence; undefined where nothing is. */
export function cacheExposure({ nodes, tls, password }: CacheAddress): string | undefined {
  const beyond = nodes.find(({ host }) => !isLoopback(host));
  if (beyond === undefined) return undefined;
  const missing = [...(tls ? [] : ["TLS (rediss://)"]), ...(password === undefined ? ["a password"] : [])];
  return missing.length === 0 ? undefined : `--cache on ${beyond.host} needs ${missing.join(" and ")}`;
}

/**
 * What is missing for a PostgreSQL beyond this machine, in a sentence; undefined where nothing is, for a Unix socket, and for what is no PostgreSQL URL.
 * How somebody proves who they are is the database's own matter (password, certificate, token); TLS is what is looked at.
 */
export function databaseExposure(database: string): string | undefined {
  if (!/^postgres(ql)?:/.test(database) || !URL.canParse(database)) return undefined;
  const url = new URL(database);
  const host = url.searchParams.get("host") ?? decodeURIComponent(url.hostname);
  if (host === "" || host.startsWith("/") || isLoopback(host)) return undefined;
  const mode = url.searchParams.get("sslmode");
  const encrypted = mode === "require" || mode === "verify-ca" || mode === "verify-full";
  if (encrypted || url.searchParams.get("ssl") === "true") return undefined;
  return `--database on ${host} needs TLS (sslmode=verify-full)`;
}
