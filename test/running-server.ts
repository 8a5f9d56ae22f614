// A real server for tests: its own process or this one, a free port, a data directory of its own, an SQLite file.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfiguration, startServer } from "@rescind/server";
import { freePort } from "./free-port.ts";

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON body; undefined where there is none. */
  readonly json: Record<string, unknown>;
  readonly text: string;
}

export interface RegisteredClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly keys: readonly { readonly key_id: string; readonly status: string }[];
}

/** What is asked of a server, wherever its requests go. */
export interface AskedServer {
  readonly issuer: string;
  /** Where requests go: the issuer's path at this machine's port, whatever host the issuer names. */
  readonly base: string;
  readonly data: string;
  readonly adminSecret: string;
  /** A live admin token, got once and again when it was revoked. */
  adminToken(): Promise<string>;
  /** An admin call; `body` goes as JSON. */
  admin(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  /** A form-encoded POST, with HTTP Basic where a client with a secret is given. */
  form(
    path: string,
    parameters: Record<string, string>,
    client?: { client_id: string; client_secret: string },
  ): Promise<Answered>;
  /** Any request to a path of the server, without credentials of its own. */
  request(path: string, init?: RequestInit): Promise<Answered>;
  /** Registers a confidential client; `client` adds to or replaces the defaults. */
  registerClient(client?: Record<string, unknown>): Promise<RegisteredClient>;
  /** A token response of the client's own. */
  clientToken(client: RegisteredClient, parameters?: Record<string, string>): Promise<string>;
  /** Tokens for a subject without a browser: the answer of POST /admin/v1/grants. */
  openGrant(
    client: { client_id: string },
    subject?: string,
    more?: Record<string, unknown>,
  ): Promise<Record<string, string>>;
  /** An access token of a new client that has just this scope, for our own endpoints. */
  tokenWithScope(scope: string): Promise<string>;
  /** What introspection says to the admin client. */
  introspect(token: string): Promise<Record<string, unknown>>;
}

export interface TestServer extends AskedServer {
  /** Stops and starts again on the same data and port, with these flags and environment instead where some are given. */
  restart(flags?: readonly string[], env?: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server in this process; `flags` as on the command line, in which `{port}` stands for its port. */
export async function startTestServer(
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<TestServer> {
  const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const port = await freePort();
  // RESCIND_TEST_WORKERS=2 npm test -- test/rfc: what holds of one thread holds of several.
  const workers = process.env.RESCIND_TEST_WORKERS ?? "1";
  const own = ["--port", String(port), "--data", data, "--log-level", "error", "--workers", workers];
  const configured = (more: readonly string[], from: Record<string, string>) =>
    readConfiguration([...own, ...more.map((flag) => flag.replace("{port}", String(port)))], from);
  let configuration = configured(flags, env);
  let running = await startServer(configuration);
  const { issuer } = configuration;
  const base = `http://127.0.0.1:${port}${new URL(issuer).pathname.replace(/\/$/, "")}`;
  const { client_secret: adminSecret } = JSON.parse(readFileSync(join(data, "admin.json"), "utf8"));
  return {
    ...askedServer({ issuer, base, data, adminSecret }),
    async restart(other, otherEnv) {
      await running.close();
      configuration = configured(other ?? flags, otherEnv ?? env);
      running = await startServer(configuration);
    },
    async close() {
      await running.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

type Place = Pick<AskedServer, "adminSecret" | "base" | "data" | "issuer">;

/** @param send by what requests are sent: the platform's `fetch`, or one that leads to one worker */
export function askedServer(place: Place, send: typeof fetch = fetch): AskedServer {
  const { base, adminSecret } = place;
  const adminClient = { client_id: "admin", client_secret: adminSecret };
  let adminToken: string | undefined;
  const server: AskedServer = {
    ...place,
    async adminToken() {
      if (adminToken !== undefined) return adminToken;
      const { json } = await server.form("/oauth2/token", { grant_type: "client_credentials" }, adminClient);
      adminToken = String(json.access_token);
      return adminToken;
    },
    async admin(method, path, body, headers = {}) {
      const ask = async (): Promise<Response> =>
        send(`${base}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${await server.adminToken()}`,
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      const first = await ask();
      if (first.status !== 401) return answered(first);
      adminToken = undefined;
      return answered(await ask());
    },
    async form(path, parameters, client) {
      const authorization =
        client === undefined ? {} : { authorization: basic(client.client_id, client.client_secret) };
      return answered(
        await send(`${base}${path}`, {
          method: "POST",
          headers: authorization,
          body: new URLSearchParams(parameters),
        }),
      );
    },
    async request(path, init = {}) {
      return answered(await send(`${base}${path}`, { redirect: "manual", ...init }));
    },
    async registerClient(client = {}) {
      const { status, json, text } = await server.admin("POST", "/admin/v1/clients", {
        name: "Test",
        grant_types: ["client_credentials", "refresh_token"],
        scope: "read write offline_access",
        ...client,
      });
      if (status !== 201) throw new Error(`client not registered: ${status} ${text}`);
      return json as unknown as RegisteredClient;
    },
    async clientToken(client, parameters = {}) {
      const { json, text } = await server.form(
        "/oauth2/token",
        { grant_type: "client_credentials", ...parameters },
        client,
      );
      if (typeof json.access_token !== "string") throw new Error(`no token: ${text}`);
      return json.access_token;
    },
    async openGrant(client, subject = "usr_alice", more = {}) {
      const { status, json, text } = await server.admin("POST", "/admin/v1/grants", {
        client_id: client.client_id,
        subject,
        ...more,
      });
      if (status !== 201) throw new Error(`grant not opened: ${status} ${text}`);
      return json as Record<string, string>;
    },
    async tokenWithScope(scope) {
      return server.clientToken(await server.registerClient({ grant_types: ["client_credentials"], scope }));
    },
    async introspect(token) {
      const { json } = await server.form("/oauth2/introspect", { token }, adminClient);
      return json;
    },
  };
  return server;
}

export function basic(clientId: string, secret: string): string {
  const encoded = [clientId, secret].map((part) => encodeURIComponent(part)).join(":");
  return `Basic ${Buffer.from(encoded).toString("base64")}`;
}

export async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  let json: Record<string, unknown> = {};
  if (/[/+]json\b/.test(response.headers.get("content-type") ?? "")) json = JSON.parse(text);
  return { status: response.status, headers: response.headers, json, text };
}
