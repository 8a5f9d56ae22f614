// Which server a command talks to, and with whose credentials: DIR/admin.json, else RESCIND_ADMIN_TOKEN, else what
// `rescind login` keeps for that server.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AdminClient, createAdminClient } from "@rescind/admin-api";
import type { Command } from "commander";
import { fetchFrom, jsonObject } from "./exchange.ts";
import { refused, wrongUsage } from "./failure.ts";
import { loginPath, readLogin } from "./login-file.ts";
import { loginToken } from "./login-tokens.ts";

export interface ConnectionOptions {
  readonly server?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export interface Connection {
  /** Base URL without a slash at the end. */
  readonly server: string;
  readonly admin: AdminClient;
  /** A Bearer token with some life left. Rejects with `Failure` where there is none to be had. */
  readonly token: () => Promise<string>;
  /** The same for the revocation feed, which administration does not include. */
  readonly feedToken: () => Promise<string>;
  /** What the token is made from, for `doctor`. */
  readonly credentials: string;
}

interface AdminFile {
  readonly path: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const defaultServer = "http://127.0.0.1:9400";

/** Adds `--server`, `--data` and `--json`, which every command that asks a server has. */
export function connectable(command: Command): Command {
  return command
    .option("--server <url>", `the server (default: the issuer in DIR/admin.json, else ${defaultServer})`)
    .option("--data <dir>", "directory with admin.json (default: RESCIND_DATA, else ./data)")
    .option("--json", "print the API's own JSON");
}

/** Does not touch the network. @throws Failure where server or credentials cannot be told. */
export function connect(options: ConnectionOptions, env: NodeJS.ProcessEnv = process.env): Connection {
  const file = adminFileOf(options, env);
  const server = serverOf(options, env);
  const source = credentialsFor(server, file, options, env);
  return {
    server,
    admin: createAdminClient({ server, token: source.token, fetch: fetchFrom(server) }),
    token: source.token,
    feedToken: source.feedToken,
    credentials: source.name,
  };
}

/** Base URL without a slash at the end. @throws Failure where it is none */
export function serverOf(options: ConnectionOptions, env: NodeJS.ProcessEnv = process.env): string {
  const server = options.server ?? adminFileOf(options, env)?.issuer ?? defaultServer;
  if (!/^https?:\/\//.test(server) || !URL.canParse(server))
    throw wrongUsage(`--server ${server} is not an http URL`);
  return server.replace(/\/+$/, "");
}

function adminFileOf(options: ConnectionOptions, env: NodeJS.ProcessEnv): AdminFile | undefined {
  return readAdminFile(join(options.data ?? env.RESCIND_DATA ?? "data", "admin.json"));
}

interface CredentialSource {
  readonly name: string;
  readonly token: () => Promise<string>;
  readonly feedToken: () => Promise<string>;
}

function credentialsFor(
  server: string,
  file: AdminFile | undefined,
  options: ConnectionOptions,
  env: NodeJS.ProcessEnv,
): CredentialSource {
  const given = env.RESCIND_ADMIN_TOKEN;
  // The secret of ./data is for that server only: another one named by --server gets it only if --data says so too.
  const fits =
    file !== undefined && (options.data !== undefined || file.issuer.replace(/\/+$/, "") === server);
  if (fits)
    return {
      name: file.path,
      token: clientCredentials(server, file, "rescind:admin"),
      feedToken: clientCredentials(server, file, "rescind:feed"),
    };
  if (given !== undefined && given !== "") {
    const token = async () => given;
    return { name: "RESCIND_ADMIN_TOKEN", token, feedToken: token };
  }
  const path = loginPath(server, env);
  if (readLogin(path) !== undefined) {
    const token = loginToken(path);
    return { name: path, token, feedToken: token };
  }
  const hint =
    file === undefined
      ? `no credentials: there is no admin.json (name its directory with --data), RESCIND_ADMIN_TOKEN is not set and nobody is logged in (rescind login --server ${server})`
      : `${file.path} is for ${file.issuer}; to use it for ${server} name its directory with --data, or run rescind login --server ${server}`;
  const none = async () => {
    throw refused(hint);
  };
  return { name: "none", token: none, feedToken: none };
}

function clientCredentials(server: string, file: AdminFile, scope: string): () => Promise<string> {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return async () => {
    if (kept !== undefined && Date.now() < kept.until) return kept.token;
    const response = await fetchFrom(server)(`${server}/oauth2/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        scope,
        client_id: file.clientId,
        client_secret: file.clientSecret,
      }),
      redirect: "error",
    });
    const answer = await jsonObject(response);
    const { access_token: token, expires_in: life } = answer;
    if (!response.ok || typeof token !== "string")
      throw refused(
        `${server} refused the credentials of ${file.path}: ${answer.error_description ?? response.status}`,
      );
    kept = { token, until: Date.now() + (typeof life === "number" ? life : 0) * 500 };
    return token;
  };
}

function readAdminFile(path: string): AdminFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw refused(`${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  const { issuer, client_id: clientId, client_secret: clientSecret } = parseObject(path, text);
  if (typeof issuer !== "string" || typeof clientId !== "string" || typeof clientSecret !== "string")
    throw refused(`${path} does not hold issuer, client_id and client_secret`);
  return { path, issuer, clientId, clientSecret };
}

function parseObject(path: string, text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>; // members are checked by the caller
  } catch {
    // Falls through: the message must not quote the file, which holds a secret.
  }
  throw refused(`${path} is not a JSON object`);
}
