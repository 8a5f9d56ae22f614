// What tells whether a token is live: introspection, userinfo, the administrator's list, verifiers; and leases.

import { randomUUID } from "node:crypto";
import { origin } from "@rescind/core";
import type { Result } from "./record.ts";
import type { Asking, Held, Traffic } from "./traffic.ts";
import type { ChildAnswer, HistoryVerifier } from "./verifiers.ts";

/** Milliseconds after which a verifier that does not answer is no longer waited for: it may have been stopped. */
const patience = 30_000;

export async function introspect(traffic: Traffic, asking: Asking): Promise<void> {
  const held = traffic.pick(traffic.random.below(4) === 0 ? "refresh" : "access");
  if (held !== undefined) await introspectOne(traffic, asking, held, "introspection");
}

export async function introspectOne(traffic: Traffic, asking: Asking, held: Held, at: string): Promise<void> {
  const form = { token: held.text };
  const answer = await traffic.requests.form(`${asking.node.url}/oauth2/introspect`, form, traffic.admin);
  if (answer.status !== 200) return;
  const { active, head, hash, rev } = answer.json;
  const live = active === true;
  held.refused = !live;
  const position = live ? { position: Number(head) } : {};
  const said = live ? { hash: String(hash), rev: Number(rev) } : {};
  const args = { thing: held.thing.name, at, ...said };
  traffic.note({ ...traffic.fields(asking, answer, live ? "ok" : "fail"), ...position, op: "use", args });
}

export async function userinfo(traffic: Traffic, asking: Asking): Promise<void> {
  const held = traffic.pick("access", ({ thing }) => thing.session !== undefined);
  if (held === undefined) return introspect(traffic, asking);
  const headers = { authorization: `Bearer ${held.text}` };
  const answer = await traffic.requests.ask(`${asking.node.url}/oauth2/userinfo`, "GET", headers);
  if (answer.status !== 200 && answer.status !== 401) return;
  const result = answer.status === 200 ? "ok" : "fail";
  held.refused = result === "fail";
  const args = { thing: held.thing.name, at: "userinfo" };
  traffic.note({ ...traffic.fields(asking, answer, result), op: "use", args });
}

/** Every token that the administrator's list calls live. */
export async function list(traffic: Traffic, asking: Asking): Promise<void> {
  const held = traffic.pick("access", ({ thing }) => thing.grant !== undefined);
  if (held === undefined) return introspect(traffic, asking);
  const path = `/admin/v1/tokens?status=live&limit=50&grant_id=${held.thing.grant}`;
  const asked = await traffic.asBearer(asking, "admin", { method: "GET", path });
  if (asked?.answer.status !== 200) return;
  const { answer } = asked;
  const { items } = answer.json as { items: { token_id: string }[] }; // parsing boundary: the contract's TokenItem
  const listed = new Set(items.map(({ token_id }) => token_id));
  const known = traffic.held.filter(({ thing }) => thing.id !== undefined && listed.has(thing.id));
  for (const { thing } of known)
    traffic.note({
      ...traffic.fields(asking, answer, "ok"),
      op: "use",
      args: { thing: thing.name, at: "list" },
    });
}

export async function verify(traffic: Traffic, asking: Asking): Promise<void> {
  const held = traffic.pick("access", ({ client }) => !client.isOpaque && !client.isInsider);
  if (held === undefined || traffic.verifiers.length === 0) return;
  await verifyOne(traffic, asking.proc, traffic.random.pick(traffic.verifiers), held);
}

export async function verifyOne(
  traffic: Traffic,
  proc: string,
  verifier: HistoryVerifier,
  held: Held,
): Promise<void> {
  const inv = performance.now();
  const told = await answerOf(verifier, held.text);
  if (told === undefined) return;
  const fields = { proc, node: verifier.name, t_inv: inv, t_ret: performance.now(), position: told.position };
  const result = verdictOf(told.verdict);
  const args = { thing: held.thing.name, at: `verifier: ${told.verdict}`, verifier: true, hash: told.hash };
  traffic.note({ ...fields, result, op: "use", args });
}

/** What is stale, or cannot be told, says nothing of the token. */
function verdictOf(verdict: string): Result {
  if (verdict === "accepted") return "ok";
  return verdict === "revoked" || verdict === "inactive" ? "fail" : "info";
}

/** Where a verifier stands; true if it is fresh. */
export async function place(
  traffic: Traffic,
  proc: string,
  verifier: HistoryVerifier,
): Promise<ChildAnswer | undefined> {
  const inv = performance.now();
  const told = await answerOf(verifier);
  if (told === undefined) return undefined;
  const { position, hash, standing, fresh } = told;
  const fields = { proc, node: verifier.name, t_inv: inv, t_ret: performance.now(), position };
  traffic.note({ ...fields, result: "ok", op: "place", args: { hash, standing, fresh } });
  return told;
}

async function answerOf(verifier: HistoryVerifier, token?: string): Promise<ChildAnswer | undefined> {
  const late = AbortSignal.timeout(patience);
  return Promise.race([
    verifier.ask({ token }),
    new Promise<undefined>((resolve) => late.addEventListener("abort", () => resolve(undefined))),
  ]);
}

/** A lease as a verifier asks for it, at the beginning of the log. */
export async function lease(traffic: Traffic, asking: Asking): Promise<void> {
  const body = { verifier: asking.proc, applied: origin, max_staleness: 5, nonce: randomUUID() };
  const asked = await traffic.asBearer(asking, "feed", { method: "POST", path: "/revocations/acks", body });
  if (asked?.answer.status !== 200) return;
  const { head, hash, issued_at } = asked.answer.json;
  const args = { head: Number(head), hash: String(hash), issuedAt: Number(issued_at) };
  traffic.note({ ...traffic.fields(asking, asked.answer, "ok"), op: "lease", args });
}
