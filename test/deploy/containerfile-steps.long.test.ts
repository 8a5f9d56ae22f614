// Does what the Containerfile says without a container builder: each stage is a directory, COPY copies, RUN runs, and what
// comes of it is started as the image would be. Takes a minute or two, and the registry.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";
import { containerfile, folder } from "./files.ts";

/** Stands for `/` of each stage. */
const scratch = mkdtempSync(join(tmpdir(), "rescind-image-"));
/** The builder's context: what is committed. */
const context = join(scratch, "context");
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Stage {
  readonly root: string;
  readonly environment: Record<string, string>;
  workdir: string;
  readonly last: Record<string, string>;
}

let image: Stage;

before(() => {
  mkdirSync(context);
  const repository = join(folder, "..");
  const archive = execFileSync("git", ["archive", "HEAD"], { cwd: repository, maxBuffer: 2 ** 28 });
  execFileSync("tar", ["-x", "-C", context], { input: archive });
  cpSync(join(folder, "Containerfile"), join(context, "deploy/Containerfile"));
  image = build();
});

test("the image holds what runs, and neither sources nor development's packages", () => {
  const installed = readdirSync(join(image.root, "app/node_modules"));
  for (const name of ["typescript", "knip", "playwright-core", "oidc-provider", "react", "vite"])
    assert.ok(!installed.includes(name), name);
  for (const name of ["fastify", "pg", "rescind"]) assert.ok(installed.includes(name), name);
  assert.deepEqual(readdirSync(join(image.root, "app/packages/server")).sort(), [
    "dist",
    "package.json",
    "site",
  ]);
});

test("it starts as the image would, is healthy by its own check, and ends with 0 at SIGTERM", async () => {
  const port = await freePort();
  const data = join(scratch, "data");
  mkdirSync(data, { mode: 0o700 });
  const env = { ...inside(image), RESCIND_ISSUER: "https://auth.example" };
  const started = { ...env, RESCIND_PORT: String(port), RESCIND_DATA: data, RESCIND_HOST: "127.0.0.1" };
  const [program = "", ...args] = [...list("ENTRYPOINT"), ...list("CMD")];
  const server = spawn(program, args, { cwd: data, env: started, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const healthy = () => {
      const [node = "", ...check] = list("HEALTHCHECK");
      return spawnSync(node, check, { env: started, timeout: 10_000 }).status;
    };
    assert.notEqual(healthy(), undefined);
    await until(async () => healthy() === 0, 30_000);
    const ended = once(server, "exit");
    server.kill(image.last.STOPSIGNAL as NodeJS.Signals); // SIGTERM, which another test holds
    assert.deepEqual(await ended, [0, null]);
    assert.notEqual(healthy(), 0, "a server that is gone is not healthy");
  } finally {
    server.kill("SIGKILL");
  }
});

/** The last stage, with every directive done. */
function build(): Stage {
  const stages: Stage[] = [];
  const names = new Map<string, Stage>();
  for (const { name, value } of containerfile()) {
    const stage = stages.at(-1);
    if (name === "FROM") {
      const root = join(scratch, `stage-${stages.length}`);
      const made: Stage = { root, environment: {}, workdir: root, last: {} };
      mkdirSync(root);
      stages.push(made);
      const [, as] = / AS (\w+)$/.exec(value) ?? [];
      if (as !== undefined) names.set(as, made);
    } else if (stage === undefined) assert.equal(name, "ARG");
    else if (name === "WORKDIR") {
      stage.workdir = join(stage.root, value);
      mkdirSync(stage.workdir, { recursive: true });
    } else if (name === "ENV")
      for (const [, variable = "", set = ""] of value.matchAll(/(\w+)=(\S+)/g))
        stage.environment[variable] = set;
    else if (name === "COPY") copy(value, stage, names);
    else if (name === "RUN") runStep(value, stage);
    else stage.last[name] = moved(value, stage);
  }
  const last = stages.at(-1);
  assert.ok(last !== undefined);
  return last;
}

function runStep(value: string, stage: Stage): void {
  const { status, stdout, stderr } = spawnSync("sh", ["-ec", moved(value, stage)], {
    cwd: stage.workdir,
    env: inside(stage),
    encoding: "utf8",
  });
  assert.equal(status, 0, `RUN ${value}\n${stdout}${stderr}`);
}

function copy(value: string, stage: Stage, names: ReadonlyMap<string, Stage>): void {
  const [, from, paths = ""] = /^(?:--from=(\w+) )?(.*)$/.exec(value) ?? [];
  const words = paths.split(" ");
  const target = words.pop() ?? "";
  const origin = from === undefined ? context : names.get(from)?.root;
  assert.ok(origin !== undefined, value);
  const into = target.startsWith("/") ? join(stage.root, target) : join(stage.workdir, target);
  for (const word of words) {
    const isFolder = word.endsWith("/");
    const to = isFolder || !target.endsWith("/") ? into : join(into, word.split("/").at(-1) ?? "");
    mkdirSync(isFolder ? to : dirname(to), { recursive: true });
    // Links between the workspaces stay as they are.
    cpSync(join(origin, word), to, { recursive: true, verbatimSymlinks: true });
  }
}

/** The image's own paths, below the directory that stands for its root; its user is whoever runs this. */
function moved(value: string, { root }: Stage): string {
  return value.replaceAll(/(^|[\s"])\/(app|data|src)\b/g, `$1${root}/$2`).replace(" -o 1000 -g 1000", "");
}

/** Our Node is the image's, npm is the machine's; nothing of the repository's variables. */
function inside({ environment }: Stage): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(npm_(?!config_cache)|NODE_(?!EXTRA_CA)|RESCIND_)/i.test(name),
  ) as [string, string][]; // undefined is filtered out
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(kept), ...environment, PATH: path };
}

function list(name: string): string[] {
  const value = image.last[name] ?? "";
  return JSON.parse(value.slice(value.indexOf("[")));
}
