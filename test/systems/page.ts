// A page of docs/coming-from, run as it stands there: its shell commands by a shell, its requests against the server.
// The second word behind a fence names the block. What is shown and never run could lie, so `unused` tells it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Answered, TestServer } from "../running-server.ts";

const root = join(import.meta.dirname, "..", "..");

type Variables = Readonly<Record<string, unknown>>;

export interface Page {
  /** Runs a block of shell commands with these variables in the environment; what it printed. Throws if it fails. */
  run(name: string, variables?: Variables): Promise<string>;
  /** Sends the request of an `http` block, with the administrator's token at the admin API. */
  send(name: string, variables?: Variables): Promise<Answered>;
  /** The text of a block of this kind, with variables put in. */
  text(kind: string, name: string, variables?: Variables): string;
  /** Names of blocks that nothing has used. */
  unused(): string[];
}

/** Reads `docs/coming-from/NAME.md`. */
export function comingFrom(name: string, server: TestServer): Page {
  return pageOf(`docs/coming-from/${name}.md`, server);
}

/** Reads a page; its commands find the server as a reader's would, by `$RESCIND` and `RESCIND_DATA`. */
export function pageOf(file: string, server: TestServer): Page {
  const blocks = blocksOf(readFileSync(join(root, file), "utf8"));
  const used = new Set<string>();
  const block = (wanted: string, kind: string): string => {
    const found = blocks.get(wanted);
    assert.equal(found?.kind, kind, `${file} has no ${kind} block called ${wanted}`);
    used.add(wanted);
    return found?.text ?? "";
  };
  return {
    run: (wanted, variables = {}) => shell(block(wanted, "sh"), variables, server),
    send(wanted, variables = {}) {
      const [head = "", body = ""] = substituted(block(wanted, "http"), variables).split("\n\n");
      const [line = "", ...headers] = head.split("\n");
      const [method = "", path = ""] = line.split(" ");
      const named = Object.fromEntries(headers.map((header) => header.split(": ")));
      if (path.startsWith("/admin/"))
        return server.admin(method, path, body === "" ? undefined : JSON.parse(body), named);
      return server.request(path, { method, headers: named, ...(body === "" ? {} : { body }) });
    },
    text: (kind, wanted, variables = {}) => substituted(block(wanted, kind), variables),
    unused: () => [...blocks.keys()].filter((key) => !used.has(key)),
  };
}

interface Block {
  readonly kind: string;
  readonly text: string;
}

function blocksOf(markdown: string): Map<string, Block> {
  const found = new Map<string, Block>();
  for (const [, info = "", text = ""] of markdown.matchAll(/^```(.+)\n([\s\S]*?)\n```$/gm)) {
    const [kind = "", name = ""] = info.split(" ");
    assert.ok(name !== "" && !found.has(name), `every block has a name of its own: ${info}\n${text}`);
    found.set(name, { kind, text });
  }
  return found;
}

function substituted(text: string, variables: Variables): string {
  return text.replaceAll(/\$([A-Z_]+)/g, (_all, name: string) => {
    const value = variables[name];
    assert.ok(value !== undefined, `the block needs $${name}`);
    return String(value);
  });
}

/** `npx rescind` is this tree's own; everything else is the machine's. */
const prelude = 'npx() { shift; "$NODE" --conditions=source "$RESCIND_MAIN" "$@"; }\nset -eu -o pipefail\n';

async function shell(commands: string, variables: Variables, server: TestServer): Promise<string> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("RESCIND"));
  const given = Object.entries(variables).map(([name, value]) => [name, String(value)]);
  const child = spawn("bash", ["-c", prelude + commands], {
    cwd: root,
    env: {
      ...Object.fromEntries(own),
      NODE: process.execPath,
      RESCIND_MAIN: join(root, "packages/cli/src/main.ts"),
      RESCIND_DATA: server.data,
      RESCIND: server.issuer,
      ...Object.fromEntries(given),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [printed, complained, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(status, 0, `${commands}\n${printed}${complained}`);
  return printed;
}
