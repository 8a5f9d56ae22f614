// The real server as a process of its own (`bin/rescind.js serve` on a data directory of its own), and requests to it
// over connections of its own. Unlike `startTestServer` it can be killed, paused, limited and started again.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { basic } from "../running-server.ts";
import { until } from "./until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const node = join(root, "node_modules/node/bin/node");
const rescind = join(root, "packages/cli/bin/rescind.js");

/** Milliseconds. */
const startWithin = 60_000;
const answerWithin = 30_000;

/** Ended with the tests, however these end. */
const started = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** No answer came: the connection was refused, cut, or too slow. Whether the request had an effect is not known. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  readonly status = undefined;
  /** The connection was refused, so that nothing was sent. */
  readonly wasRefused: boolean;
  /**
   * The connection was being closed when the request came: one kept from before, or a new one that nobody had taken yet.
   * A client opens another and sends again.
   */
  readonly cameTooLate: boolean;

  constructor(what: string, how: { readonly cause: unknown; readonly reused: boolean }) {
    super(what, { cause: how.cause });
    const { code, syscall } = systemErrorOf(how.cause);
    this.wasRefused = code === "ECONNREFUSED" || syscall === "connect";
    const isClosed = code === "ECONNRESET" || code === "EPIPE";
    // A new one is closed by the system, with a reset; by the server only after it has read the request.
    this.cameTooLate = isClosed && (how.reused || syscall === "read" || syscall === "write");
  }
}

function systemErrorOf(cause: unknown): { readonly code?: unknown; readonly syscall?: unknown } {
  return typeof cause === "object" && cause !== null ? cause : {};
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ClientCredentials {
  readonly client_id: string;
  readonly client_secret: string;
}

export interface RegisteredClient extends ClientCredentials {
  readonly keys: readonly { readonly key_id: string }[];
}

export interface Grant {
  readonly grant_id: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

export interface ServerSettings {
  /** An existing directory; by default one that is removed with the server. */
  readonly data?: string | undefined;
  readonly flags?: readonly string[] | undefined;
  /** What the process is started by, as `["prlimit", "--nofile=64"]`; it must become the server by exec. */
  readonly startedBy?: readonly string[] | undefined;
  /** Node's own flags. */
  readonly nodeFlags?: readonly string[] | undefined;
  /** Added to the environment, from which nothing else of the server's own comes. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Starts a server and waits until it is ready. */
export async function startServerProcess(settings: ServerSettings = {}): Promise<ServerProcess> {
  const server = new ServerProcess(settings, await freePort());
  try {
    await server.start();
    return server;
  } catch (cause) {
    await server.close();
    throw cause;
  }
}

export class ServerProcess {
  readonly issuer: string;
  readonly data: string;
  readonly #settings: ServerSettings;
  readonly port: number;
  #child: ChildProcess | undefined;
  #ending: Promise<Ending> | undefined;
  #output = "";
  #agent = new Agent({ keepAlive: true });
  #admin: ClientCredentials | undefined;
  #adminToken: Promise<string> | undefined;

  /** Use `startServerProcess` where the start is not what is tested. */
  constructor(settings: ServerSettings, port: number) {
    this.#settings = settings;
    this.port = port;
    this.issuer = `http://127.0.0.1:${port}`;
    this.data = settings.data ?? mkdtempSync(join(tmpdir(), "rescind-fault-"));
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the server was not started");
    return pid;
  }

  /** What the process has written so far, over all of its starts. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the process of the last start has ended. */
  get ended(): Promise<Ending> {
    if (this.#ending === undefined) throw new Error("the server was not started");
    return this.#ending;
  }

  /** Starts the process and waits until it is ready. @throws Error with what this start printed if it ends before */
  async start(): Promise<void> {
    const from = this.#output.length;
    this.spawn();
    await until(
      "the server is ready",
      async () => {
        if (!this.isRunning) throw new Error(`the server ended at its start: ${this.#output.slice(from)}`);
        return (await this.#status("/readyz")) === 200;
      },
      startWithin,
    );
  }

  /** Starts the process and waits for nothing. */
  spawn(): void {
    const { startedBy = [], nodeFlags = [], flags = [] } = this.#settings;
    const serve = ["serve", "--port", String(this.port), "--data", this.data, ...flags];
    const [command = node, ...args] = [...startedBy, node, ...nodeFlags, rescind, ...serve];
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("RESCIND_"));
    const env = { ...Object.fromEntries(own), ...this.#settings.env };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        this.#output += String(chunk);
      });
    this.#ending = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
    this.#child = child;
    started.add(child);
    child.once("close", () => started.delete(child));
  }

  /** Sends a signal; what the process makes of it is in `ended`. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the process at once and every connection to it. */
  async kill(): Promise<Ending> {
    this.signal("SIGKILL");
    const ending = await this.ended;
    this.disconnect();
    return ending;
  }

  /** Ends every connection; the next request opens a new one. */
  disconnect(): void {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true });
  }

  /** Ends the process and removes its data. */
  async close(): Promise<void> {
    if (this.isRunning) {
      this.signal("SIGCONT");
      await this.kill();
    }
    this.disconnect();
    if (this.#settings.data === undefined) rmSync(this.data, { recursive: true, force: true });
  }

  /** One request. @throws Unanswered */
  async ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> {
    const asked = request(`${this.issuer}${path}`, {
      method,
      headers,
      agent: this.#agent,
      signal: AbortSignal.timeout(answerWithin),
    });
    try {
      const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
        asked.once("response", resolve).once("error", reject).end(body);
      });
      const received = await text(response);
      const isJson = /json/.test(response.headers["content-type"] ?? "");
      const json = isJson ? (JSON.parse(received) as Answer["json"]) : {}; // parsing boundary: the server's own JSON
      return { status: response.statusCode ?? 0, headers: response.headers, json, text: received };
    } catch (cause) {
      throw new Unanswered(`no answer to ${method} ${path}`, { cause, reused: asked.reusedSocket });
    } finally {
      asked.on("error", () => undefined);
    }
  }

  async form(path: string, parameters: Record<string, string>, client?: ClientCredentials): Promise<Answer> {
    const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
    if (client !== undefined) headers.authorization = basic(client.client_id, client.client_secret);
    return this.ask("POST", path, headers, new URLSearchParams(parameters).toString());
  }

  async admin(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${await this.adminToken()}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await this.ask(
      method,
      path,
      headers,
      body === undefined ? undefined : JSON.stringify(body),
    );
    if (answer.status === 401) this.#adminToken = undefined; // revoked by the test itself
    return answer;
  }

  /** The path by which this process reaches a file of the data directory, also where the server has mounts of its own. */
  seenByServer(file: string): string {
    return join(`/proc/${this.pid}/root`, this.data, file);
  }

  /** The client of DIR/admin.json; where the environment sets its secret, that. */
  get adminClient(): ClientCredentials {
    const secret = this.#settings.env?.RESCIND_ADMIN_SECRET;
    if (secret !== undefined) return { client_id: "admin", client_secret: secret };
    this.#admin ??= JSON.parse(readFileSync(this.seenByServer("admin.json"), "utf8")) as ClientCredentials; // our own file
    return this.#admin;
  }

  /** A token with the scope rescind:admin; got once. */
  adminToken(): Promise<string> {
    this.#adminToken ??= this.#newAdminToken();
    return this.#adminToken;
  }

  async registerClient(client: Record<string, unknown> = {}): Promise<RegisteredClient> {
    const answer = await this.admin("POST", "/admin/v1/clients", {
      name: "Test",
      grant_types: ["client_credentials", "refresh_token"],
      scope: "read write offline_access",
      ...client,
    });
    return requireStatus(answer, 201).json as unknown as RegisteredClient; // parsing boundary: the admin contract
  }

  async openGrant(client: { readonly client_id: string }, subject: string): Promise<Grant> {
    const body = { client_id: client.client_id, subject, scope: "read offline_access" };
    const answer = await this.admin("POST", "/admin/v1/grants", body);
    return requireStatus(answer, 201).json as unknown as Grant; // parsing boundary: the admin contract
  }

  async clientToken(client: ClientCredentials, parameters: Record<string, string> = {}): Promise<string> {
    const answer = await this.form(
      "/oauth2/token",
      { grant_type: "client_credentials", ...parameters },
      client,
    );
    return String(requireStatus(answer, 200).json.access_token);
  }

  /** What introspection says to the admin client. */
  async isActive(token: string): Promise<boolean> {
    const answer = await this.form("/oauth2/introspect", { token }, this.adminClient);
    return requireStatus(answer, 200).json.active === true;
  }

  async #newAdminToken(): Promise<string> {
    try {
      return await this.clientToken(this.adminClient);
    } catch (cause) {
      this.#adminToken = undefined;
      throw cause;
    }
  }

  async #status(path: string): Promise<number | undefined> {
    try {
      return (await this.ask("GET", path)).status;
    } catch {
      return undefined; // it does not listen yet
    }
  }
}

/** The status was another than expected. */
export class UnexpectedStatus extends Error {
  override readonly name = "UnexpectedStatus";
  readonly status: number;

  constructor(answer: Answer) {
    super(`status ${answer.status}: ${answer.text}`);
    this.status = answer.status;
  }
}

export function requireStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new UnexpectedStatus(answer);
  return answer;
}
