// A connection to the primary: of the servers that the address names the one that writes, judged fit to be served from.

import pg from "pg";
import { StoreUnavailable } from "../store.ts";
import { StoreRefused } from "../store-refused.ts";
import type { Address } from "./address.ts";

/** Milliseconds a server may take for one statement, for a lock, and in the middle of a transaction. */
export const limits = { statementMs: 10_000, lockMs: 5000, idleMs: 10_000 } as const;

export interface Connected {
  readonly client: pg.Client;
  /** The server's process; undefined where a pooler stands in between, and no state of a session can be kept. */
  readonly process: number | undefined;
}

const oldestVersion = 15;
const judged = `SELECT pg_is_in_recovery(), current_setting('server_version_num'), current_setting('fsync', true),
  current_setting('full_page_writes', true), current_setting('server_encoding'), pg_backend_pid()`;

/**
 * @throws StoreRefused a server that may not be used, whatever the others say
 * @throws StoreUnavailable none of them could be reached
 */
export async function connectPrimary(address: Address): Promise<Connected> {
  const failures: Error[] = [];
  for (const server of address.servers) {
    try {
      const connected = await connect(server);
      const refusal = connected.refusal(address);
      if (refusal === undefined) return connected;
      await end(connected.client);
      failures.push(refusal);
    } catch (error) {
      failures.push(error instanceof Error ? error : new Error(String(error)));
    }
  }
  const cause = failures.find((failure) => failure instanceof StoreRefused) ?? failures[0];
  if (cause instanceof StoreRefused) throw cause;
  throw new StoreUnavailable(`The database ${address.shown} cannot be reached: ${cause?.message}`, { cause });
}

/** Ends a connection that may be dead already. */
export async function end(client: pg.Client): Promise<void> {
  try {
    await client.end();
  } catch {
    // It was to be gone, and is.
  }
}

async function connect(
  server: pg.ClientConfig,
): Promise<Connected & { refusal(address: Address): StoreRefused | undefined }> {
  const client = new pg.Client(server);
  // Told by whatever is under way; without a listener it would end the process.
  client.on("error", () => {});
  let told: number | undefined;
  client.connection.on("backendKeyData", ({ processID }: { readonly processID: number }) => {
    told = processID;
  });
  try {
    await client.connect();
    // Compiling a statement takes longer than any of ours runs.
    await client.query(
      `SET statement_timeout = ${limits.statementMs}; SET lock_timeout = ${limits.lockMs}; SET jit = off`,
    );
    const { rows } = await client.query<unknown[]>({ text: judged, rowMode: "array" });
    const [standby, version, fsync, fullPages, encoding, process] = rows[0] ?? [];
    const facts = { standby, version: Math.floor(Number(version) / 10_000), fsync, fullPages, encoding };
    return {
      client,
      // A pooler gives out process numbers of its own.
      process: process === told ? told : undefined,
      refusal: (address) => refusalOf(address, facts),
    };
  } catch (error) {
    await end(client);
    throw error;
  }
}

interface ServerFacts {
  readonly standby: unknown;
  readonly version: number;
  readonly fsync: unknown;
  readonly fullPages: unknown;
  readonly encoding: unknown;
}

function refusalOf({ shown, fsyncMayBeOff }: Address, facts: ServerFacts): StoreRefused | undefined {
  const { standby, version, fsync, fullPages, encoding } = facts;
  if (standby === true)
    return new StoreRefused(
      `The database ${shown} is a standby: it may not know of the latest revocations. Name the primary.`,
    );
  if (version < oldestVersion)
    return new StoreRefused(
      `The database ${shown} is PostgreSQL ${version}: at least ${oldestVersion} is needed.`,
    );
  if (encoding !== "UTF8")
    return new StoreRefused(
      `The database ${shown} has encoding ${encoding}: make it with ENCODING 'UTF8', which holds every name.`,
    );
  const off = fsync === "off" ? "fsync" : fullPages === "off" ? "full_page_writes" : undefined;
  if (off !== undefined && !fsyncMayBeOff)
    return new StoreRefused(
      `The server of ${shown} runs with ${off} off: what it confirms can be lost in a power failure, revocations too. Set ${off} = on.`,
    );
  return undefined;
}
