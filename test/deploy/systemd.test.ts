// The unit as systemd's own checker sees it. It cannot be started here, where systemd is not what runs the machine.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { installed } from "../connectors/programs.ts";
import { folder, unit } from "./files.ts";

const scratch = mkdtempSync(join(tmpdir(), "rescind-unit-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The unit with its drop-in, the program's path being one that is here. */
function copied(): string {
  cpSync(join(folder, "systemd"), scratch, { recursive: true });
  const path = join(scratch, "rescind.service");
  const content = readFileSync(path, "utf8");
  assert.ok(content.includes("/usr/bin/node "), "the unit starts node by its path");
  writeFileSync(path, content.replace("/usr/bin/node ", `${process.execPath} `));
  return path;
}

function analyze(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(installed("systemd-analyze", "systemd"), args, {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
}

test("systemd-analyze verify finds nothing wrong with the unit and its drop-in", () => {
  const path = copied();
  const { status, output } = analyze("verify", "--man=no", path);
  assert.equal(status, 0, output);
  // Other units of this machine are none of ours.
  const ours = output.split("\n").filter((line) => line.includes("rescind.service"));
  assert.deepEqual(ours, []);
  writeFileSync(path, readFileSync(path, "utf8").replace("ProtectSystem=strict", "ProtectSistem=strict"));
  assert.match(
    analyze("verify", "--man=no", path).output,
    /rescind\.service.*ProtectSistem/,
    "it looks at ours",
  );
});

test("systemd-analyze security: exposed by no more than 2 of 10", () => {
  const { status, output } = analyze("security", "--offline=true", "--threshold=20", copied());
  assert.equal(status, 0, output);
});

test("the server keeps its status 2 for settings that another start does not mend, and gets longer than it takes to stop", () => {
  const directives = unit("systemd/rescind.service");
  const of = (name: string) => directives.filter((found) => found.name === name).map(({ value }) => value);
  assert.deepEqual(of("RestartPreventExitStatus"), ["2"]);
  assert.ok(Number.parseInt(of("TimeoutStopSec")[0] ?? "", 10) > 10);
  assert.deepEqual(of("MemoryDenyWriteExecute"), [], "V8 compiles while it runs");
});
