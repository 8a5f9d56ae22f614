// The address of a PostgreSQL database: a libpq URL, with several hosts where there are several, and parameters of our
// own beside those that the driver knows. What is not ours goes to the driver as it stands.

import type pg from "pg";
import { StoreRefused } from "../store-refused.ts";

export interface Address {
  /** One for each host named, in their order. Each knows where to connect, as whom, and how TLS is done. */
  readonly servers: readonly pg.ClientConfig[];
  /** How the address is shown: hosts and database, no user and no password. */
  readonly shown: string;
  /** `rescind_unsafe_fsync_off=1`: serve a server that may lose what it confirmed. For tests only. */
  readonly fsyncMayBeOff: boolean;
  /** `rescind_prepared=0|1`: whether statements are prepared under names; otherwise wherever no pooler stands between. */
  readonly prepared: boolean | undefined;
  /** `rescind_listen=HOST:PORT`: past the pooler, for LISTEN, which goes through none. */
  readonly listener: pg.ClientConfig | undefined;
}

/** A password may hold an @ that nobody encoded: whatever is before the last one is no host, and is never shown. */
const url = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/s;
const own = ["rescind_unsafe_fsync_off", "rescind_prepared", "rescind_listen"];
/** Ours by nature: of several servers only the one that writes is ever used. */
const ignored = ["target_session_attrs", "load_balance_hosts"];
const defaultConnectMs = 5000;

/** @throws StoreRefused for what is no address, without repeating it: it holds a password */
export function parseAddress(text: string): Address {
  const [, account, hosts = "", path = "", query = ""] = url.exec(text) ?? refuse("it is not a URL");
  const parameters = new URLSearchParams(query);
  const fsyncMayBeOff = flag(parameters, "rescind_unsafe_fsync_off") === true;
  const prepared = flag(parameters, "rescind_prepared");
  const listen = parameters.get("rescind_listen") ?? undefined;
  const connectionTimeoutMillis = milliseconds(parameters);
  for (const name of [...own, ...ignored, "connect_timeout"]) parameters.delete(name);
  const rest = parameters.size > 0 ? `?${parameters}` : "";
  const at = (host: string): pg.ClientConfig => ({
    connectionString: checked(
      `postgres://${account === undefined ? "" : `${account}@`}${host}${path}${rest}`,
    ),
    connectionTimeoutMillis,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: "rescind",
  });
  return {
    servers: hosts.split(",").map(at),
    shown: `${hosts || parameters.get("host") || "localhost"}${path}`,
    fsyncMayBeOff,
    prepared,
    listener: listen === undefined ? undefined : at(listen),
  };
}

function flag(parameters: URLSearchParams, name: string): boolean | undefined {
  const value = parameters.get(name);
  if (value === null) return undefined;
  if (value !== "0" && value !== "1") refuse(`${name} must be 0 or 1`);
  return value === "1";
}

/** libpq's `connect_timeout` is in seconds. */
function milliseconds(parameters: URLSearchParams): number {
  const text = parameters.get("connect_timeout");
  if (text === null) return defaultConnectMs;
  if (!/^[1-9]\d{0,3}$/.test(text)) refuse("connect_timeout must be whole seconds");
  return Number(text) * 1000;
}

function checked(connectionString: string): string {
  // A socket's directory stands in `host`, and nothing before the path.
  const probe = connectionString.replace(/^postgres:\/\/(?:([^@/]*)@)?(?=\/|$|\?)/, "postgres://$1@none");
  if (!URL.canParse(probe)) refuse("host, port or path cannot be read; encode special characters as %XX");
  return connectionString;
}

function refuse(why: string): never {
  throw new StoreRefused(
    `The database must be named as postgres://USER:PASSWORD@HOST:PORT/DATABASE, and ${why}.`,
  );
}
