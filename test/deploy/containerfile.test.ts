// Rules of the Containerfile that a linter would hold; the long run does what its steps say (containerfile-steps.long.test.ts).

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { containerfile, folder, text } from "./files.ts";

const root = join(folder, "..");
const directives = containerfile();
const last = directives.slice(directives.findLastIndex(({ name }) => name === "FROM"));
const of = (name: string) => last.filter((directive) => directive.name === name).map(({ value }) => value);

test("only directives that builders know, and every stage on the one image that is named", () => {
  const known =
    "ARG FROM WORKDIR COPY RUN LABEL ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD";
  for (const { name } of directives) assert.ok(known.split(" ").includes(name), name);
  const stages = directives.filter(({ name }) => name === "FROM").map(({ value }) => value);
  assert.equal(stages.length, 3);
  for (const stage of stages) assert.match(stage, /^\$\{NODE_IMAGE\}( AS \w+)?$/);
  assert.match(directives[0]?.value ?? "", /^NODE_IMAGE=\S+\/node:24-slim$/);
});

test("the process is not root, gets its signals without a shell in between, and writes to its volume only", () => {
  const [user] = of("USER");
  assert.match(user ?? "", /^[1-9]\d*:[1-9]\d*$/, "by number: Kubernetes cannot see whether a name is root");
  const [entry] = of("ENTRYPOINT");
  assert.deepEqual(JSON.parse(entry ?? ""), ["node", "/app/packages/cli/bin/rescind.js"]);
  assert.deepEqual(JSON.parse(of("CMD")[0] ?? ""), ["serve"]);
  assert.deepEqual(of("STOPSIGNAL"), ["SIGTERM"]);
  assert.deepEqual(JSON.parse(of("VOLUME")[0] ?? ""), ["/data"]);
});

test("packages come from the lock file, without development's and without running their scripts", () => {
  const installs = directives.filter(
    ({ name, value }) => name === "RUN" && /npm (ci|i\b|install)/.test(value),
  );
  assert.equal(installs.length, 2);
  for (const { value } of installs) assert.match(value, /^npm ci .*--ignore-scripts/);
  assert.match(installs[1]?.value ?? "", /--omit=dev/);
  assert.ok(directives.some(({ name, value }) => name === "COPY" && /\bpackage-lock\.json\b/.test(value)));
});

test("everything that is copied is there, and is let through to the builder", () => {
  const sources = directives
    .filter(({ name, value }) => name === "COPY" && !value.startsWith("--from"))
    .flatMap(({ value }) => value.split(" ").slice(0, -1));
  const letThrough = text("Containerfile.dockerignore")
    .split("\n")
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1));
  for (const source of sources) {
    const path = source.replace(/\/$/, "");
    assert.ok(existsSync(join(root, path)), `${path} is not there`);
    assert.ok(letThrough.includes(path), `${path} is kept from the builder`);
  }
  assert.match(text("Containerfile.dockerignore"), /^\*$/m, "nothing else goes there");
});
