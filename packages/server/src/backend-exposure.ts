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
  const [, hosts = "", query = ""] = postgresUrl.exec(database) ?? [];
  const parameters = new URLSearchParams(query);
  // LISTEN goes past a pooler, with the same password.
  const named = [parameters.get("host") ?? hosts, parameters.get("rescind_listen") ?? ""];
  const beyond = named.flatMap((text) => text.split(",").map(nameOf)).find(isBeyond);
  if (beyond === undefined) return undefined;
  const mode = parameters.get("sslmode");
  const encrypted = mode === "require" || mode === "verify-ca" || mode === "verify-full";
  if (encrypted || parameters.get("ssl") === "true") return undefined;
  return `--database on ${beyond} needs TLS (sslmode=verify-full)`;
}

/** With several hosts, each with a port, it is no URL by the rules of the web. */
const postgresUrl = /^postgres(?:ql)?:\/\/(?:[^/?#]*@)?([^/?#]*)(?:\/[^?#]*)?(?:\?([^#]*))?$/s;

/** Without its port. A directory, that of a socket, may be written in percent. */
function nameOf(host: string): string {
  return (/^(\[[^\]]*\]|[^:]*)/.exec(host)?.[1] ?? "").replaceAll(/%2f/gi, "/");
}

function isBeyond(host: string): boolean {
  return host !== "" && !host.startsWith("/") && !isLoopback(host);
}
