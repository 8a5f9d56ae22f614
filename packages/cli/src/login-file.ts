// What `rescind login` keeps of a person's tokens: one file for each server, readable by its owner only.

import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { refused } from "./failure.ts";

export interface Login {
  /** The issuer; what `--server` names. */
  readonly server: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
  readonly scope: string;
}

/** Where the login for a server stands, or would. */
export function loginPath(server: string, env: NodeJS.ProcessEnv): string {
  const { XDG_CONFIG_HOME: config } = env;
  const home = config === undefined || config === "" ? join(env.HOME ?? homedir(), ".config") : config;
  const host = new URL(server).host.replaceAll(/[^\w.-]/g, "_");
  const name = `${host}-${createHash("sha256").update(server).digest("hex").slice(0, 12)}.json`;
  return join(home, "rescind", name);
}

/** Undefined where nobody has logged in to this server. */
export function readLogin(path: string): Login | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw refused(`${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  try {
    const login = JSON.parse(text) as Login; // our own file; checked as far as a cut-off one would show
    if (typeof login.refreshToken === "string" && typeof login.tokenEndpoint === "string") return login;
  } catch {
    // Falls through: the message must not quote the file, which holds tokens.
  }
  throw refused(`${path} does not hold a login; remove it and run rescind login`);
}

/** Writes the file whole or not at all. */
export function writeLogin(path: string, login: Login): void {
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, `${JSON.stringify(login, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, path);
}

export function forgetLogin(path: string): void {
  rmSync(path, { force: true });
}
