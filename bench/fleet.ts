// How long a revocation takes to be in force at many verifiers on one host: `node --conditions=source bench/fleet.ts`,
// with other numbers `--verifiers 100 --rounds 20 --per-second 200 --lease-interval 2`. Prints a table; a broken promise is an
// error.

import { parseArgs } from "node:util";
import { measureFleet } from "../test/fleet/measured-fleet.ts";

const { values } = parseArgs({
  options: {
    verifiers: { type: "string", default: "1000" },
    rounds: { type: "string", default: "20" },
    "per-second": { type: "string", default: "10" },
    "lease-interval": { type: "string", default: "10" },
  },
});
const verifiers = count(values.verifiers);
const rounds = count(values.rounds);
const perSecond = count(values["per-second"]);
const leaseInterval = count(values["lease-interval"]);

console.log(
  `| ${verifiers} verifiers, ${rounds} revocations each | from the answer to the first refusal | processor time of server and verifiers | server's memory |`,
);
console.log("| --- | --- | --- | --- |");
await measureFleet({ verifiers, rounds, perSecond, leaseInterval }, ({ part, times, processor, memory }) =>
  console.log(`| ${part} | ${times} | ${processor} | ${memory} |`),
);

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`bench: ${text} is not a whole number above 0`);
  process.exit(2);
}
