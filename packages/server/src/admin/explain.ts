// Why something is live or not: POST /admin/v1/explain. The verdict and the sentences are core's; here they are only
// looked up and written down.

import {
  type Explanation as Answered,
  type ExplainedEntry as EntryAnswer,
  type ExplanationRequest,
  formatTime,
  formatTimeMs,
} from "@rescind/admin-api";
import { type ExplainedEntry, explain, formatId, type Judged, type Unit, unitsOf } from "@rescind/core";
import type { FoundEntries, FoundEntry } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { type Target, targetOf } from "./explain-target.ts";
import type { AdminRequest } from "./request.ts";

export async function explainToken(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const asked = request.body as ExplanationRequest; // checked against the contract's schema
  const target = await targetOf(asked, deps);
  const fingerprint = (unit: Unit): string => deps.hashing.fingerprint(unit);
  // Read last, so that nothing that was ordered before this request is missing.
  const found = await deps.store.findEntries(namesOf(target.judged, fingerprint));
  const atMs = deps.now();
  const told = tell(target, found, fingerprint, atMs / 1000);
  return ok({ ...told, at: formatTimeMs(atMs), head: found.head.position.seq });
}

function namesOf(judged: Judged | undefined, fingerprint: (unit: Unit) => string): string[] {
  if (judged === undefined) return [];
  return [...new Set([...unitsOf(judged).map(fingerprint), ...judged.lineage])];
}

function tell(
  { what, facts, judged, status, spent, unknown }: Target,
  { entries }: FoundEntries,
  fingerprint: (unit: Unit) => string,
  at: number,
): Omit<Answered, "at" | "head"> {
  if (judged === undefined)
    return { what, status: "unknown", why: unknown ?? "", facts, units: [], lineage: [] };
  const named = Map.groupBy(entries, ({ fp }) => fp);
  const { verdict, units, lineage } = explain(judged, named, fingerprint, at);
  // Of something unknown only the id that was asked for is told: nobody knows what else it belongs to.
  const shown = unknown === undefined ? units : units.filter(({ unit }) => unit.name !== "all");
  const judgement = spent === true && verdict.kind === "live" ? "spent" : wireStatus[verdict.kind];
  return {
    what,
    status: unknown === undefined ? (status ?? judgement) : "unknown",
    why: unknown ?? (status === undefined ? sentences[judgement] : grantSentences[status]),
    facts: withoutAbsent(facts),
    units: shown.map(({ unit, entries: of }) => ({
      unit: unit.name,
      value: unit.value,
      ...(unit.client === undefined ? {} : { client_id: unit.client }),
      fp: fingerprint(unit),
      entries: of.map(entryAnswer),
    })),
    lineage: lineage.map(({ fp, entries: of }) => ({ fp, entries: of.map(entryAnswer) })),
  };
}

const wireStatus = { live: "live", expired: "expired", revoked: "revoked", "not-yet": "not_yet" } as const;

const sentences = {
  live: "It is genuine and unexpired, and no standing entry covers it.",
  expired: "It has expired; entries make no difference any more.",
  revoked: "A standing entry covers it.",
  not_yet: "It is not valid yet.",
  spent: "It was used for its successor; what is left of it serves to recognise a replay.",
} as const;

const grantSentences = {
  live: "A token of it is live.",
  expired: "It has expired, or none of its tokens is unexpired.",
  revoked: "Its unexpired tokens are covered by standing entries.",
} as const;

function entryAnswer({ entry, effect, why }: ExplainedEntry<FoundEntry>): EntryAnswer {
  const { seq, orderId, unit, atMs, reason, note, actor, before, suspend, final, liftedBy } = entry;
  return {
    seq,
    revocation_id: formatId("revocation", orderId),
    unit,
    at: formatTimeMs(atMs),
    effect,
    why,
    reason,
    ...(note === undefined ? {} : { note }),
    actor: { ...actor },
    ...(before === undefined ? {} : { before: formatTime(before) }),
    suspend,
    final,
    ...(liftedBy === undefined ? {} : { lifted_by: liftedBy }),
  };
}

function withoutAbsent(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== ""));
}
