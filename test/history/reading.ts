// What is read at the end, when nothing is under way and nothing is broken: every reader at the head, the state of every
// token, the log, the administrator's list of orders, the audit records.

import type { Unit } from "../model/model.ts";
import { until } from "../until.ts";
import { atTheEnd } from "./judge.ts";
import type { HistoryRecord, ListedOrder, LogEntry } from "./record.ts";
import type { Asking, Traffic } from "./traffic.ts";
import { introspectOne, place, verifyOne } from "./using.ts";
import type { HistoryVerifier } from "./verifiers.ts";

/** Milliseconds after the last fault in which every reader must be at the head. */
export const convergeMs = 20_000;
/** Tokens asked about at the end; the newest. */
const mostAsked = 400;

export async function readTheEnd(traffic: Traffic): Promise<void> {
  const asking = { proc: "reader", node: traffic.nodes[0] ?? missing() };
  const head = await headOf(traffic, asking);
  for (const verifier of traffic.verifiers) await waitFor(traffic, verifier, head);
  const tokens = traffic.held.filter(({ thing }) => thing.kind === "access" || thing.kind === "refresh");
  for (const held of tokens.slice(-mostAsked)) {
    const node = traffic.random.pick(traffic.nodes);
    await introspectOne(traffic, { proc: "reader", node }, held, atTheEnd);
    const isForVerifiers = held.thing.kind === "access" && !held.client.isOpaque && !held.client.isInsider;
    const verifier = traffic.verifiers.length === 0 ? undefined : traffic.random.pick(traffic.verifiers);
    if (isForVerifiers && verifier !== undefined) await verifyOne(traffic, "reader", verifier, held);
  }
  for (const node of traffic.nodes) await readLog(traffic, { proc: "reader", node });
}

/** Until it is at the head, or too late for that (D4). */
async function waitFor(traffic: Traffic, verifier: HistoryVerifier, head: number): Promise<void> {
  const tooLate = performance.now() + convergeMs * 1.2;
  await until(async () => {
    const there = await place(traffic, "reader", verifier);
    return performance.now() > tooLate || (there?.fresh === true && there.position === head);
  }, convergeMs * 2);
}

async function readLog(traffic: Traffic, asking: Asking): Promise<void> {
  const t_inv = performance.now();
  const entries = await readEntries(traffic, asking);
  const records = await readAudit(traffic, asking);
  const verified = await read(traffic, asking, "admin", "/admin/v1/audit/verify");
  const lifted = new Set(entries.flatMap(({ lifts }) => lifts ?? []));
  const args = {
    entries,
    audited: records.flatMap(({ seq }) => seq ?? []),
    orders: records.filter(({ action }) => action === "revoke").map((record) => listed(record, lifted)),
    brokenAt: verified.broken_at === undefined ? undefined : Number(verified.broken_at),
  };
  const record: HistoryRecord = {
    ...{
      proc: asking.proc,
      node: asking.node.name,
      op: "log",
      args,
      t_inv,
      t_ret: performance.now(),
      result: "ok",
    },
    position: entries.at(-1)?.seq ?? 0,
  };
  traffic.note(record);
}

interface AuditItem {
  readonly action: string;
  readonly seq?: number;
  readonly content: {
    readonly unit: {
      readonly name: string;
      readonly issuer: string;
      readonly value: string;
      readonly client?: string;
    };
    readonly before?: number;
    readonly suspend?: boolean;
    readonly final?: boolean;
  };
}

async function readAudit(traffic: Traffic, asking: Asking): Promise<AuditItem[]> {
  const items: AuditItem[] = [];
  for (let cursor = ""; ; ) {
    const page = await read(traffic, asking, "admin", `/admin/v1/audit?limit=100${cursor}`);
    const { items: some, next } = page as { items: AuditItem[]; next: string | null }; // parsing boundary: the contract's AuditItem
    items.push(...some);
    if (next === null) return items;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}

function listed({ seq = 0, content }: AuditItem, lifted: ReadonlySet<number>): ListedOrder {
  const { unit, before, suspend = false, final = false } = content;
  return { seq, unit: modelUnit(unit), before, suspend, final, lifted: lifted.has(seq) };
}

function modelUnit({ name, issuer, value, client = "" }: AuditItem["content"]["unit"]): Unit {
  switch (name) {
    case "token":
      return { is: "token", id: value };
    case "grant":
      return { is: "grant", grant: value };
    case "session":
      return { is: "session", session: value };
    case "logout":
      return { is: "logout", session: value };
    case "subject":
      return { is: "subject", subject: value };
    case "client":
      return { is: "client", client: value };
    case "subject+client":
      return { is: "subject+client", subject: value, client };
    case "key":
      return { is: "key", key: value };
    case "signing-key":
      return { is: "signing key", kid: value };
    case "issuer":
      return { is: "issuer", issuer };
    case "all":
      return { is: "all" };
    default:
      throw new RangeError(`a unit of another kind: ${name}`);
  }
}

interface FeedPage {
  readonly entries: readonly {
    readonly seq: number;
    readonly kind: LogEntry["kind"];
    readonly lifts?: number;
  }[];
  readonly hash: string;
  readonly more: boolean;
}

/** What is kept; the hash is told of the last entry of each page, which is enough beside what readers say. */
async function readEntries(traffic: Traffic, asking: Asking): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let after = 0; ; ) {
    const path = `/revocations?after=${after}&limit=20`;
    const page = (await read(traffic, asking, "feed", path)) as unknown as FeedPage; // parsing boundary: CONTRACT.md section 6
    const last = page.entries.at(-1)?.seq;
    for (const { seq, kind, lifts } of page.entries)
      entries.push({ seq, kind, lifts, hash: seq === last ? page.hash : undefined });
    if (!page.more || last === undefined) return entries;
    after = last;
  }
}

async function headOf(traffic: Traffic, asking: Asking): Promise<number> {
  const page = await read(traffic, asking, "feed", "/revocations?after=0&limit=1");
  return Number(page.head);
}

/** Reads until it is answered: nothing is broken any more. */
function read(
  traffic: Traffic,
  asking: Asking,
  who: "admin" | "feed",
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  return until(async () => {
    const asked = await traffic.asBearer(asking, who, { method: "GET", path });
    if (asked?.answer.status === undefined || asked.answer.status === 401) return undefined;
    if (asked.answer.status !== 200) throw new Error(`${path}: ${asked.answer.status} ${asked.answer.text}`);
    return asked.answer.json;
  }, 60_000);
}

function missing(): never {
  throw new RangeError("a history needs a node");
}
