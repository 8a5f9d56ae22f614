// `npm run bench` with a few hundred requests a round: that it runs and that its checks hold. Never a time.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));

/** What the test reads of the file that `--json` writes. */
interface Figures {
  readonly compared: readonly {
    readonly title: string;
    readonly sides: readonly {
      readonly name: string;
      readonly wrong: readonly string[];
      readonly checked: number;
      readonly rounds: readonly { readonly requests: number; readonly rate: number }[];
    }[];
  }[];
}

test("the benchmark runs every row on both sides, its checks hold, and it leaves nothing behind", () => {
  const data = mkdtempSync(join(tmpdir(), "rescind-bench-"));
  const json = join(data, "figures.json");
  const args = ["--quick", "--requests", "300", "--rounds", "2", "--data", data, "--json", json];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", main, ...args], {
    encoding: "utf8",
  });
  assert.equal(status, 0, `${stderr}\n${stdout}`);

  const { compared }: Figures = JSON.parse(readFileSync(json, "utf8"));
  assert.deepEqual(
    compared.map(({ sides }) => sides.map(({ name }) => name)),
    [
      ...Array(5).fill(["Rescind", "oidc-provider"]),
      ["revoked before", "never issued"],
      ["node:http", "Fastify"],
    ],
  );
  for (const { title, sides } of compared) {
    assert.ok(stdout.includes(`| ${title} `), `${title} is missing in the table`);
    for (const { name, wrong, rounds, checked } of sides) {
      assert.deepEqual(wrong, [], `${title}, ${name}`);
      assert.deepEqual(
        rounds.map(({ requests }) => requests),
        [300, 300],
      );
      assert.ok(rounds.every(({ rate }) => rate > 0));
      assert.ok(checked > 0);
    }
  }
  assert.match(stdout, /Checks held: 8,400 statuses/);
  assert.deepEqual(readdirSync(data), ["figures.json"]);
  rmSync(data, { recursive: true });
});

test("an unknown row or option ends the benchmark with 2 and the list of what there is", () => {
  for (const args of [["--rows", "introspektion"], ["--fast"], ["--rounds", "none"]]) {
    const { status, stderr } = spawnSync(process.execPath, ["--conditions=source", main, ...args], {
      encoding: "utf8",
    });
    assert.equal(status, 2);
    assert.match(
      stderr,
      /client-credentials-opaque, client-credentials-jwt, introspection, revocation, refresh/,
    );
  }
});

test("two nodes over PostgreSQL: what one revoked the other refuses, and nothing is left behind", () => {
  const data = mkdtempSync(join(tmpdir(), "rescind-bench-"));
  const json = join(data, "figures.json");
  const ours = ["--database", "postgres", "--nodes", "2", "--rows", "revocation", "--requests", "200"];
  const args = ["--conditions=source", main, ...ours, "--rounds", "1", "--data", data, "--json", json];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, `${stderr}\n${stdout}`);
  const { compared }: Figures = JSON.parse(readFileSync(json, "utf8"));
  assert.deepEqual(
    compared.map(({ sides }) => sides.map(({ wrong, rounds }) => [wrong.length, rounds.length])),
    [Array(2).fill([0, 1])],
  );
  assert.match(stdout, /2 nodes and PostgreSQL \(fsync on\)/);
  assert.match(stdout, /\(PostgreSQL \d+\.\d\)/, "what the database costs is told apart");
  assert.deepEqual(readdirSync(data), ["figures.json"]);
  rmSync(data, { recursive: true });
});
