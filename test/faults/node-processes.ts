// Several nodes of one server, each a process of its own, and a client of theirs: it asks one after the other, leaves one
// out that refuses connections, and sends again what met a connection that was just being closed. It repeats nothing
// that was answered.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../free-port.ts";
import { type Answer, type ClientCredentials, ServerProcess, Unanswered } from "./server-process.ts";

/** Milliseconds a client goes on looking for a node that takes its connection. */
const patience = 30_000;
const betweenTriesMs = 5;

export interface NodeSettings {
  readonly count: number;
  /** The address of the database, for each node. */
  readonly database: (node: number) => string;
  readonly flags?: readonly string[] | undefined;
}

/** Starts them all at once and waits until each is ready. */
export async function startNodeProcesses(settings: NodeSettings): Promise<NodeProcesses> {
  const nodes = await NodeProcesses.made(settings);
  try {
    await Promise.all(nodes.each.map((node) => node.start()));
    return nodes;
  } catch (cause) {
    await nodes.close();
    throw cause;
  }
}

export class NodeProcesses {
  readonly each: readonly ServerProcess[];
  /** Requests that went to another node because the first refused the connection. */
  refused = 0;
  /** Whether the client sends again what met a connection that was being closed; otherwise it has no answer. */
  sendsAgain = true;
  /** Requests that were sent again because the connection was just being closed. */
  resent = 0;
  readonly #data: string;
  #turn = 0;

  private constructor(each: readonly ServerProcess[], data: string) {
    this.each = each;
    this.#data = data;
  }

  static async made(settings: NodeSettings): Promise<NodeProcesses> {
    const { count, database, flags = [] } = settings;
    const data = mkdtempSync(join(tmpdir(), "rescind-nodes-"));
    const issuer = `http://127.0.0.1:${await freePort()}`;
    const each: ServerProcess[] = [];
    for (let node = 0; node < count; node++) {
      const own = ["--log-level", "error", "--issuer", issuer, "--database", database(node), ...flags];
      each.push(
        new ServerProcess({ data: join(data, String(node)), flags: own, env: secrets }, await freePort()),
      );
    }
    return new NodeProcesses(each, data);
  }

  node(number: number): ServerProcess {
    const node = this.each[number % this.each.length];
    if (node === undefined) throw new RangeError("there is no node");
    return node;
  }

  get adminClient(): ClientCredentials {
    return this.node(0).adminClient;
  }

  form(path: string, parameters: Record<string, string>, client?: ClientCredentials): Promise<Answer> {
    return this.#anywhere((node) => node.form(path, parameters, client));
  }

  admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#anywhere((node) => node.admin(method, path, body));
  }

  registerClient(client?: Record<string, unknown>): ReturnType<ServerProcess["registerClient"]> {
    return this.node(0).registerClient(client);
  }

  async close(): Promise<void> {
    await Promise.all(this.each.map((node) => node.close()));
    rmSync(this.#data, { recursive: true, force: true });
  }

  async #anywhere(ask: (node: ServerProcess) => Promise<Answer>): Promise<Answer> {
    const until = performance.now() + patience;
    for (;;) {
      try {
        this.#turn += 1;
        return await ask(this.node(this.#turn));
      } catch (cause) {
        if (!(cause instanceof Unanswered) || performance.now() > until) throw cause;
        if (cause.wasRefused) this.refused += 1;
        else if (cause.cameTooLate && this.sendsAgain) this.resent += 1;
        else throw cause;
        await pause(betweenTriesMs);
      }
    }
  }
}

/** What all nodes must share. */
const secrets = {
  RESCIND_MASTER_KEY: Buffer.alloc(32, 5).toString("base64url"),
  RESCIND_ADMIN_SECRET: "the-secret-of-the-admin-client-of-the-nodes",
};
