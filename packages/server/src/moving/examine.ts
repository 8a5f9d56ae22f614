// What `rescind doctor` says of the machine the server runs on: settings, directory, disk, master key and database. Works
// while the server runs and while it does not; changes nothing.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Examined, examineDatabase, freeBytes } from "@rescind/store";
import { type Configuration, ConfigurationError, isShared } from "../configuration.ts";
import { loadMasterKey } from "../keys/master-key.ts";
import { type DatabaseOptions, databaseSettings } from "./verbs.ts";

const mebibyte = 1 << 20;
/** Bytes below which there is too little room, and below which somebody should look. */
const least = 64 * mebibyte;
const little = 1024 * mebibyte;

/** Never rejects: what is wrong is a finding. */
export async function examineHere(
  options: DatabaseOptions,
  env: NodeJS.ProcessEnv,
): Promise<readonly Examined[]> {
  let configuration: Configuration;
  try {
    configuration = databaseSettings(options, env);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    return [{ check: "configuration", result: "failed", detail: cause.message }];
  }
  const { data, database } = configuration;
  const { findings, issuer = configuration.issuer, fingerprintKey } = await examineDatabase(database);
  return [
    issuerOf(issuer),
    ...(existsSync(data) ? [directoryOf(data), diskOf(configuration)] : []),
    ...findings,
    masterKeyOf(configuration, fingerprintKey),
  ];
}

function issuerOf(issuer: string): Examined {
  const check = "configuration";
  const { protocol, hostname } = new URL(issuer);
  if (protocol === "https:") return { check, result: "ok", detail: `issuer ${issuer}` };
  if (/^(127\.[\d.]+|localhost|\[::1\])$/.test(hostname))
    return {
      check,
      result: "ok",
      detail: `issuer ${issuer}: for this machine only; elsewhere it has to be https`,
    };
  return {
    check,
    result: "warning",
    detail: `issuer ${issuer}: whoever is on the way reads every token and password`,
    mend: "serve it by TLS, or behind a proxy that does, and set --issuer to the https URL",
  };
}

function directoryOf(data: string): Examined {
  const check = "directory";
  const open = [data, ...["master.key", "admin.json", "rescind.db"].map((name) => join(data, name))].filter(
    (path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0,
  );
  if (open.length === 0 || process.platform === "win32")
    return { check, result: "ok", detail: `${data} and what it holds are the server's alone` };
  return {
    check,
    result: "failed",
    detail: `others may read ${open.join(", ")}`,
    mend: `chmod 700 ${data} and chmod 600 the files in it; who could read master.key and a backup has the signing keys`,
  };
}

function diskOf({ data, database }: Configuration): Examined {
  const check = "disk";
  const path = isShared({ database }) ? data : database.replace(/^sqlite:/, "");
  const free = freeBytes(path);
  const detail = `${Math.floor(free / mebibyte).toLocaleString("en")} MiB free where ${path} lies`;
  if (free >= little) return { check, result: "ok", detail };
  const mend = "make room: on a full disk only revocations are taken, and then nothing";
  return { check, result: free < least ? "failed" : "warning", detail, mend };
}

function masterKeyOf({ masterKey, data }: Configuration, sealed: Uint8Array | undefined): Examined {
  const check = "master key";
  const from = masterKey === undefined ? join(data, "master.key") : "RESCIND_MASTER_KEY";
  if (masterKey === undefined && !existsSync(from)) {
    if (sealed === undefined) return { check, result: "ok", detail: "none yet: the first start makes one" };
    const mend = "set RESCIND_MASTER_KEY to that of this database, or put master.key back";
    return {
      check,
      result: "failed",
      detail: `${from} is missing, and the database is sealed under it`,
      mend,
    };
  }
  try {
    const seal = loadMasterKey(masterKey, data);
    if (sealed !== undefined) seal.open("fingerprint-key", sealed);
    return {
      check,
      result: "ok",
      detail: `${from} opens what the database holds sealed; keep a copy apart from the backups`,
    };
  } catch (cause) {
    const detail =
      cause instanceof ConfigurationError
        ? cause.message
        : `${from} does not open what this database holds sealed`;
    const mend =
      "all nodes, and every restored backup, need the master key the database was first served with";
    return { check, result: "failed", detail, mend };
  }
}
