// A process that hosts many verifiers, each with its own connection, set and leases, and asks them on behalf of a test.

import { createVerifier, TokenRejected, type Verifier, type VerifierOptions } from "@rescind/verifier";
import { monotonicMs, type Reply, type Report, type Request, type Verdicts } from "./messages.ts";

const { count, options } = JSON.parse(process.env.HOST ?? "{}") as HostSettings; // written by host.ts

interface HostSettings {
  readonly count: number;
  readonly options: VerifierOptions;
}

/** Verifiers that start at once. */
const startingAtOnce = 16;
/** Milliseconds between questions about a good token, each to the next verifier. */
const keepAskingMs = 5;
/** Milliseconds between questions about a watched token to every verifier. */
const askAllMs = 500;

const verifiers: Verifier[] = [];
const kept: Record<string, number> = {};
let keptToken: string | undefined;
let turn = 0;

process.on("disconnect", () => process.exit(0));
process.on("message", (request: Request) => void serve(request));
try {
  await Promise.all(Array.from({ length: startingAtOnce }, start));
  say({ kind: "ready" });
  setInterval(() => void askOne(), keepAskingMs);
} catch (cause) {
  say({ kind: "failed", why: String(cause) });
}

function say(reply: Reply): void {
  process.send?.(reply);
}

async function start(): Promise<void> {
  for (let number = ++turn; number <= count; number = ++turn)
    verifiers.push(await createVerifier({ ...options, name: `${options.name ?? "api"}-${number}` }));
}

async function serve(request: Request): Promise<void> {
  switch (request.kind) {
    case "watch":
      return watch(request.token);
    case "check":
      return say({ kind: "checked", verdicts: await Promise.all(request.tokens.map(verdictsOn)) });
    case "keep-asking":
      keptToken = request.token;
      return;
    case "report":
      return say({ kind: "reported", report: report() });
  }
}

/**
 * Looks at all of them every millisecond; those whose log has moved on are asked, and only these cost anything. All of
 * them are asked twice a second: who does not hear of it must not accept it for long either.
 */
async function watch(token: string): Promise<void> {
  say({ kind: "watching", verdicts: await verdictsOn(token) });
  const at: number[] = [];
  const verdicts: Record<string, number> = {};
  const left = new Map(verifiers.map((verifier) => [verifier, seqOf(verifier)]));
  let acceptedAt = 0;
  let allAt = monotonicMs() + askAllMs;
  while (left.size > 0) {
    const isTimeForAll = monotonicMs() > allAt;
    if (isTimeForAll) allAt = monotonicMs() + askAllMs;
    for (const [verifier, seq] of left) {
      const moved = seqOf(verifier);
      if (moved === seq && !isTimeForAll) continue;
      const asked = monotonicMs();
      const verdict = await verdictOf(verifier, token);
      if (verdict === "accepted") acceptedAt = asked;
      // On a machine that stood still one may be too old to decide, and says more a moment later.
      if (["accepted", "stale", "gap"].includes(verdict)) {
        left.set(verifier, moved);
        continue;
      }
      at.push(monotonicMs());
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      left.delete(verifier);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  say({ kind: "refused", at, acceptedAt, verdicts });
}

function seqOf(verifier: Verifier): number {
  return verifier.status().position.seq;
}

async function askOne(): Promise<void> {
  const verifier = verifiers[turn++ % verifiers.length];
  if (verifier === undefined || keptToken === undefined) return;
  const verdict = await verdictOf(verifier, keptToken);
  kept[verdict] = (kept[verdict] ?? 0) + 1;
}

async function verdictsOn(token: string): Promise<Verdicts> {
  return tally(await Promise.all(verifiers.map((verifier) => verdictOf(verifier, token))));
}

async function verdictOf(verifier: Verifier, token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return "accepted";
  } catch (cause) {
    return cause instanceof TokenRejected ? cause.code : String(cause);
  }
}

function report(): Report {
  const states = verifiers.map((verifier) => verifier.status());
  const { user, system } = process.cpuUsage();
  return {
    freshness: tally(states.map(({ freshness }) => freshness)),
    lowestSeq: Math.min(...states.map(({ position }) => position.seq)),
    kept,
    processorTime: (user + system) / 1e6,
  };
}

function tally(words: readonly string[]): Verdicts {
  const found: Record<string, number> = {};
  for (const word of words) found[word] = (found[word] ?? 0) + 1;
  return found;
}
