// What the command line's `backup`, `restore` and `migrate` do where no server runs: the store moves the rows, the epoch
// that follows a restore begins here. docs/operations/backup.md.

import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type CheckedBackup,
  type InPlace,
  type Moved,
  openStore,
  type RestoreReceipt,
  restoreBackup,
  restoredInPlace,
  StoreRefused,
} from "@rescind/store";
import { destination, pino } from "pino";
import { type Configuration, isShared, readConfiguration } from "../configuration.ts";
import { tokenHashing } from "../keys/digest.ts";
import { keptKey } from "../keys/kept-key.ts";
import { loadMasterKey, type Seal } from "../keys/master-key.ts";
import { knownPosition } from "./known-position.ts";
import { settleRestore } from "./settle.ts";

export interface DatabaseOptions {
  readonly data?: string | undefined;
  readonly database?: string | undefined;
  readonly config?: string | undefined;
}

/**
 * The settings of the server whose database this is: flag > environment > config file > default.
 * @param use as `readConfiguration`
 * @throws ConfigurationError
 */
export function databaseSettings(
  options: DatabaseOptions,
  env: NodeJS.ProcessEnv,
  use: "serve" | "without-secrets" = "serve",
): Configuration {
  const { RESCIND_REEXECUTED: _, ...own } = env;
  const flags = (["data", "database", "config"] as const).flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
  return readConfiguration(flags, own, use);
}

export interface RestoreVerb {
  readonly from: string;
  readonly keepTokens: boolean;
  /** Whether a database that is there may be replaced. */
  readonly replace: boolean;
}

export interface Restored extends RestoreReceipt {
  /** The number with which the new epoch began; undefined where the next start of the server begins it. */
  readonly epochSeq: number | undefined;
}

/**
 * Loads a backup and begins the new epoch.
 * @throws StoreRefused the backup does not fit or is of another master key, a server runs, a database is there
 * @throws StoreUnavailable, ConfigurationError
 */
export async function restore(
  verb: RestoreVerb,
  configuration: Configuration,
  onProgress: (moved: Moved) => void,
): Promise<Restored> {
  const seal = presentMasterKey(configuration);
  const accept = (backup: CheckedBackup): void => openable(backup, seal, verb.from);
  const receipt = await restoreBackup({ ...verb, to: configuration.database, accept }, onProgress);
  return { ...receipt, epochSeq: await beginPending(configuration, receipt.manifest.issuer, seal) };
}

/** As `restore`, for a database that came back by other means. @returns the number with which the epoch began, as there */
export async function restoreInPlace(
  how: InPlace,
  configuration: Configuration,
): Promise<number | undefined> {
  const issuer = await restoredInPlace(configuration.database, how);
  if (how === "nothing-lost") return undefined;
  return beginPending(configuration, issuer, presentMasterKey(configuration));
}

/** Undefined where there is none yet: a verb makes none. */
function presentMasterKey({ masterKey, data }: Configuration): Seal | undefined {
  if (masterKey === undefined && !existsSync(join(data, "master.key"))) return undefined;
  return loadMasterKey(masterKey, data);
}

/** With another master key nothing of it could be served: it is refused before anything is replaced. */
function openable({ fingerprintKey }: CheckedBackup, seal: Seal | undefined, path: string): void {
  if (seal === undefined || fingerprintKey === undefined) return;
  try {
    seal.open("fingerprint-key", fingerprintKey);
  } catch (cause) {
    throw new StoreRefused(
      `${path} was made under another master key than this one: set RESCIND_MASTER_KEY, or --data, to that of its server.`,
      { cause },
    );
  }
}

async function beginPending(
  configuration: Configuration,
  issuer: string | undefined,
  seal: Seal | undefined,
): Promise<number | undefined> {
  if (seal === undefined) return undefined;
  const whose = issuer ?? configuration.issuer;
  const store = await openStore(configuration.database, { issuer: whose, isShared: isShared(configuration) });
  try {
    const fingerprintKey = await keptKey("fingerprint-key", { seal, store });
    const hashing = tokenHashing(undefined, fingerprintKey);
    const log = pino({ level: "fatal" }, destination({ sync: true })); // the verb says it itself
    const parts = { store, seal, hashing, issuer: whose, now: () => Date.now(), log };
    await settleRestore(parts, knownPosition(configuration, fingerprintKey));
    return (await store.whereabouts()).epochSeq;
  } finally {
    await store.close();
  }
}
