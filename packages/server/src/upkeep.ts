// What the server does by itself: removes expired rows, writes last uses, looks whether the log moved on elsewhere.
// Nothing about liveness depends on any of it.

import { StoreUnavailable } from "@rescind/store";
import type { Dependencies } from "./dependencies.ts";

const pollMs = 1_000;
const flushMs = 5_000;
const pruneMs = 10_000;
const reloadMs = 3_600_000;
/** Rows of a kind removed per transaction. */
const batch = 500;

/** Milliseconds for which one node removes for all; longer than it pauses, so that it goes on unless it stops. */
const pruneTurnMs = 60_000;
const adminFileMs = 60_000;
const fleetMs = 60_000;

type Parts = Pick<
  Dependencies,
  | "adminFile"
  | "availability"
  | "fleetHistory"
  | "lastUses"
  | "log"
  | "now"
  | "restores"
  | "standing"
  | "store"
  | "turns"
>;

/** Starts upkeep; returns how to stop it. Resolves once what is under way has ended. */
export function startUpkeep(deps: Parts): () => Promise<void> {
  const stopping = new AbortController();
  const loops = [
    repeat(pollMs, () => poll(deps), stopping.signal, deps),
    repeat(flushMs, () => deps.lastUses.flush(), stopping.signal, deps),
    repeat(pruneMs, () => prune(deps, stopping.signal), stopping.signal, deps),
    repeat(reloadMs, () => deps.standing.load(), stopping.signal, deps),
    repeat(fleetMs, () => deps.fleetHistory.note(), stopping.signal, deps),
    repeat(adminFileMs, () => followAdminFile(deps), stopping.signal, deps),
  ];
  return async () => {
    stopping.abort();
    await Promise.all(loops);
    await attempt(() => deps.lastUses.flush(), deps);
    // How far the log had come at the end.
    await attempt(() => deps.restores.look(), deps);
  };
}

/** An outage counts on a node that nobody asked meanwhile too: what was rotated at another one gets its full window. */
async function poll(deps: Parts): Promise<void> {
  const head = await deps.store.head().catch((cause: unknown) => {
    if (cause instanceof StoreUnavailable) deps.availability.failed();
    throw cause;
  });
  deps.availability.recovered();
  await deps.restores.look();
  await deps.standing.reach(head);
}

/** Another node may have changed what stands in it. */
async function followAdminFile({ adminFile }: Parts): Promise<void> {
  await adminFile.read();
}

async function prune(deps: Parts, signal: AbortSignal): Promise<void> {
  for (;;) {
    if (!(await deps.turns.isMine("prune", pruneTurnMs))) return;
    await deps.store.pruneBetweenNodes(batch);
    const removed = await deps.store.prune(Math.floor(deps.now() / 1000), batch);
    const most = Math.max(...Object.values(removed));
    if (most < batch || signal.aborted) return;
    await pause(20, signal);
  }
}

async function repeat(
  everyMs: number,
  work: () => Promise<void>,
  signal: AbortSignal,
  deps: Parts,
): Promise<void> {
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    await attempt(work, deps);
  }
}

async function attempt(work: () => Promise<void>, deps: Parts): Promise<void> {
  await work().catch((cause: unknown) => deps.log.warn({ cause: String(cause) }, "upkeep failed"));
}

/** Resolves after so many milliseconds, or as soon as the signal comes. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds).unref();
    signal.addEventListener("abort", end);
  });
}
