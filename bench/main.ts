// `npm run bench`: our server beside oidc-provider, the same work in the same run. bench/README.md says how to read it.
// Exits with 1 if an answer was not as it must be; never because of a time.

import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadGenerator } from "./load/load-generator.ts";
import { type Compared, compareInVain, compareLimits, compareRow } from "./measure/compare.ts";
import { describeMachine } from "./measure/machine.ts";
import { help, type Options, readOptions } from "./measure/options.ts";
import { report } from "./measure/report.ts";
import { pinThisProcess } from "./pinned-process.ts";

const options = optionsOrExit();
mkdirSync(options.below, { recursive: true });
pinThisProcess();
const machine = describeMachine(options.database === "postgres" ? tmpdir() : options.below);
const load = new LoadGenerator();
const compared: Compared[] = [];
try {
  for (const row of options.rows) {
    process.stderr.write(`${row.title} …\n`);
    const profiles = options.profiles === undefined ? undefined : join(options.profiles, row.name);
    const measured = await compareRow(row, load, { ...options, profiles });
    compared.push(measured);
    const ours = measured.sides[0]?.rounds.map(({ from, to }) => ({ from, to }));
    if (profiles !== undefined) writeFileSync(join(profiles, "rounds.json"), JSON.stringify(ours));
  }
  if (options.inVain) {
    process.stderr.write("revocation in vain …\n");
    compared.push(await compareInVain(load, options));
  }
  if (options.limits) {
    process.stderr.write("limits …\n");
    compared.push(await compareLimits(load, options));
  }
} finally {
  await load.close();
}
process.stdout.write(`${report(compared, machine, options)}\n`);
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ at: new Date(), machine, compared }, null, 2)}\n`);
process.exitCode = compared.some(({ sides }) => sides.some(({ wrong }) => wrong.length > 0)) ? 1 : 0;

function optionsOrExit(): Options {
  try {
    const read = readOptions(process.argv.slice(2).filter((argument) => argument !== "--"));
    if (read !== "help") return read;
    process.stdout.write(help);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${help}`);
    process.exit(2);
  }
}
