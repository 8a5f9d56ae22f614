// Packs every package, installs the archives outside of this tree and runs them: what the repository has lying
// around (sources, links between workspaces, development dependencies) cannot stand in for what was packed.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { freePort } from "../free-port.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The console is not among them: the server's archive has its built files. */
const folders = readdirSync(join(root, "packages")).filter((folder) => manifest(folder).private !== true);
const names = new Map(folders.map((folder) => [folder, manifest(folder).name]));
const libraries = [...names.values()].filter((name) => name !== "rescind");
/** What can be imported of the libraries: their default entries and what else `exports` names. */
const entries = folders.flatMap((folder) =>
  Object.keys(manifest(folder).exports ?? {})
    .filter((path) => libraries.includes(manifest(folder).name) && !path.endsWith(".json"))
    .map((path) => manifest(folder).name + path.slice(1)),
);

describe("the packed packages", () => {
  const home = mkdtempSync(join(tmpdir(), "rescind-pack-"));
  const project = join(home, "project");
  const archives = new Map<string, string>();

  before(() => {
    mkdirSync(project);
    for (const [folder, name] of names) archives.set(name, pack(folder, home));
    const files = Object.fromEntries([...archives].map(([name, archive]) => [name, `file:${archive}`]));
    // The packages name each other by version, and no registry has them yet: each is to be its archive everywhere.
    const content = { name: "outside", private: true, type: "module", dependencies: files, overrides: files };
    writeFileSync(join(project, "package.json"), JSON.stringify(content));
    npm(
      ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--prefer-offline"],
      project,
    );
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  test("every library has its default entry among what is imported", () => {
    assert.deepEqual(
      libraries.filter((name) => !entries.includes(name)),
      [],
    );
    for (const path of ["testing", "file-store"]) assert.ok(entries.includes(`@rescind/verifier/${path}`));
  });

  for (const name of entries) {
    test(`${name} can be imported`, () => {
      const script = `const all = await import(${JSON.stringify(name)}); console.log(Object.keys(all).length)`;
      const { status, stderr } = spawnSync(
        process.execPath,
        ["--input-type=module", "--eval", script],
        options(project),
      );
      assert.equal(status, 0, stderr);
    });
  }

  test("an archive holds what runs and its types, and no sources or tests", () => {
    for (const [folder, name] of names) {
      const installed = join(project, "node_modules", name);
      const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
      const stray = files.filter((file) => /^(src|test)\/|\.tsbuildinfo$|(?<!\.d)\.ts$/.test(file));
      assert.deepEqual(
        stray.filter((file) => !file.startsWith("node_modules/")),
        [],
        name,
      );
      assert.equal(
        manifest(folder).version,
        manifest("cli").version,
        `${name}: all packages have one version`,
      );
    }
  });

  test("rescind --version prints the version", () => {
    const { status, stdout, stderr } = spawnSync(rescind(project), ["--version"], options(project));
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim(), manifest("cli").version);
  });

  test("rescind serve answers at /readyz and ends with status 0 at SIGTERM", async () => {
    const port = await freePort();
    const server = start(
      rescind(project),
      ["serve", "--port", String(port), "--data", join(home, "data")],
      project,
    );
    try {
      const response = await readiness(`http://127.0.0.1:${port}/readyz`, server);
      assert.equal(response.status, 200, await response.text());
      server.child.kill("SIGTERM");
      assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output());
    } finally {
      server.child.kill("SIGKILL");
    }
  });
});

describe("publint finds nothing", () => {
  for (const [folder, name] of names) {
    test(name, async () => {
      const { messages, pkg } = await publint({ pkgDir: join(root, "packages", folder), strict: true });
      const texts = messages
        .filter(({ type }) => type !== "suggestion")
        .map((message) => formatMessage(message, pkg));
      assert.deepEqual(texts, []);
    });
  }
});

function pack(folder: string, destination: string): string {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination];
  const [packed] = JSON.parse(npm(args, join(root, "packages", folder)));
  return join(destination, packed.filename);
}

type Manifest = {
  readonly private?: boolean;
  readonly name: string;
  readonly version: string;
  readonly exports?: Readonly<Record<string, unknown>>;
};

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"));
}

function rescind(project: string): string {
  return join(project, "node_modules", ".bin", "rescind");
}

/** A registry that does not answer is to be asked again, not waited for as long as npm would (five minutes). */
function npm(args: string[], cwd: string): string {
  const patience = { timeout: 240_000, killSignal: "SIGKILL" } as const;
  const asked = [...args, "--fetch-timeout=20000", "--fetch-retries=5", "--loglevel=error"];
  const { status, stdout, stderr } = spawnSync("npm", asked, { ...options(cwd), ...patience });
  assert.equal(status, 0, `npm ${args[0]}: ${stderr}`);
  return stdout;
}

/**
 * Our own Node first, nothing of the repository otherwise: neither its conditions nor npm's variables. The machine's
 * certificates stay: without them its registry may be out of reach.
 */
function options(cwd: string) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_cache)|NODE_(?!EXTRA_CA)|RESCIND_)/i.test(name),
  );
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return { cwd, encoding: "utf8", env: { ...Object.fromEntries(kept), PATH: path } } as const;
}

type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly output: () => string;
};

function start(command: string, args: string[], cwd: string): Running {
  const child = spawn(command, args, { ...options(cwd), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const ended = new Promise<Ended>((resolve) =>
    child.on("exit", (code, signal) => resolve({ code, signal })),
  );
  return { child, ended, output: () => output };
}

/** Asks until the server answers; fails when it has ended or two minutes have passed. */
async function readiness(url: string, server: Running): Promise<Response> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return response;
    const { exitCode } = server.child;
    assert.ok(
      exitCode === null,
      `rescind serve ended with ${exitCode} before it was ready:\n${server.output()}`,
    );
    assert.ok(Date.now() < deadline, `not ready within two minutes:\n${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
