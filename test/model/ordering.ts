// Steps that take tokens back or give them back: each says what the server must answer, and notes the order.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { browserWith } from "../authorization.ts";
import { at, clientAt, ownerOf, parentAt, tokenAt } from "./issuing.ts";
import { isLive, type Token, type Unit, unitOf } from "./model.ts";
import type { Named, Step } from "./steps.ts";
import { headOf, isSuspended, noteOrder, type Selected, sendForm, seqOf, type World } from "./world.ts";

type Doing<Name extends Step["do"]> = Extract<Step, { readonly do: Name }>;

export async function revoke(world: World, step: Doing<"revoke">): Promise<void> {
  const token = tokenAt(world, world.tokens, step.token);
  if (token === undefined) return;
  const owner = ownerOf(world, token);
  const client = step.by === undefined ? owner : clientAt(world, step.by);
  if (client === undefined) return;
  const key = at(client.keys, step.key);
  const form = { token: token.text, ...(step.cascade === undefined ? {} : { cascade: step.cascade }) };
  const answer = await sendForm(world, "/oauth2/revoke", form, { client, key });
  if (isSuspended(world, client, key?.id)) return assert.equal(answer.status, 401, answer.text);
  if (token.foreign !== undefined)
    return assert.equal(seqOf(answer), world.head, "nobody's here: nothing to do");
  if (client !== owner) {
    assert.deepEqual([answer.status, answer.json.error], [400, "invalid_grant"]);
    return;
  }
  assert.equal(answer.status, 200, answer.text);
  const unit = unitOf(token, step.cascade ?? client.policy[token.kind]);
  noteOrder(world, { seq: seqOf(answer), unit, final: true });
}

/** What this member of `select` means for this token; undefined where the token has no such unit. */
function selected(named: Named, token: Token): Selected | undefined {
  if (token.foreign !== undefined) return selectedForeign(named, token, token.foreign);
  const { id = "", client = "", subject = "", grant, session, key, kid } = token;
  const narrow = (select: Record<string, unknown>, unit: Unit): Selected => ({
    select,
    unit,
    wide: false,
    token,
  });
  const wide = (select: Record<string, unknown>, unit: Unit): Selected => ({
    select,
    unit,
    wide: true,
    token,
  });
  switch (named) {
    case "token":
      return narrow({ token: token.text }, unitOf(token, "token"));
    case "token_id":
      return narrow({ token_id: id }, unitOf(token, "token"));
    case "grant_id":
      return grant === undefined ? undefined : narrow({ grant_id: grant }, { is: "grant", grant });
    case "session_id":
      return session === undefined ? undefined : wide({ session_id: session }, { is: "session", session });
    case "subject":
      return wide({ subject }, { is: "subject", subject });
    case "client_id":
      return wide({ client_id: client }, { is: "client", client });
    case "subject+client":
      return wide({ subject, client_id: client }, { is: "subject+client", subject, client });
    case "key_id":
      return key === undefined ? undefined : wide({ key_id: key }, { is: "key", key });
    case "kid":
      return kid === undefined ? undefined : narrow({ kid }, { is: "signing key", kid });
    case "all":
      return wide({ all: true }, { is: "all" });
  }
}

function selectedForeign(named: Named, token: Token, issuer: string): Selected | undefined {
  const { text, id, subject = "" } = token;
  switch (named) {
    case "token":
    case "token_id": {
      if (id === undefined) return undefined;
      const select = named === "token" ? { token: text } : { issuer, jti: id };
      return { select, unit: { is: "issuer's token", issuer, id }, wide: false, token };
    }
    case "subject":
      return {
        select: { issuer, subject },
        unit: { is: "issuer's subject", issuer, subject },
        wide: true,
        token,
      };
    case "client_id":
      return { select: { issuer }, unit: { is: "issuer", issuer }, wide: true, token };
    default:
      return undefined;
  }
}

/** Seconds. For foreign tokens well between the ages that they come with, else around the token's own time. */
function timeFor({ foreign, authorisedAt = 0 }: Token, back: number | undefined): number | undefined {
  const now = Math.floor(Date.now() / 1000);
  if (foreign === undefined) return back === undefined ? undefined : authorisedAt - back;
  return back === undefined ? now : now - 50;
}

/** One time of six what was ordered before, which may have been lifted since. */
function wantedBy(step: Doing<"order">, world: World): Selected | undefined {
  const again = at(world.selected, step.of);
  if (step.of % 6 === 0 && again !== undefined) return again;
  const token = parentAt(world, step.of);
  return token === undefined ? undefined : selected(step.unit, token);
}

export async function order(world: World, step: Doing<"order">): Promise<void> {
  const wanted = wantedBy(step, world);
  if (wanted === undefined) return;
  world.selected.push(wanted);
  const { select, unit, wide, token } = wanted;
  const before = wide ? timeFor(token, step.before) : undefined;
  const says = before !== undefined && step.before !== undefined;
  const body = {
    select,
    final: step.final,
    ...(!says ? {} : { before: new Date(before * 1000).toISOString().replace(".000Z", "Z") }),
  };
  const alive = world.tokens.filter((one) => isLive(one, world.orders));
  const { status, json, text } = await world.server.admin("POST", "/admin/v1/revocations", body);
  assert.equal(status, 201, text);
  noteOrder(world, { seq: Number(json.seq), unit, before, final: step.final, id: String(json.id) });
  const died = alive.filter((one) => !isLive(one, world.orders));
  assertCounted(json.affected as Record<string, unknown>, died, unit); // the contract's Affected
}

/** What the receipt counts is what has died of ours; orders of everything reach other worlds too. */
function assertCounted(affected: Record<string, unknown>, died: readonly Token[], unit: Unit): void {
  if (unit.is === "all" || unit.is === "signing key") return;
  const ours = died.filter(({ foreign }) => foreign === undefined);
  for (const kind of ["access", "refresh"] as const) {
    const counted = Number(affected[`${kind}_tokens`]);
    const right = ours.filter((one) => one.kind === kind).length;
    // Lower bounds where counting took too long.
    const fits = affected.exact === true ? counted === right : counted <= right;
    assert.ok(fits, `${JSON.stringify(affected)}, and ${right} ${kind} tokens died`);
  }
}

export async function lift(world: World, step: Doing<"lift">): Promise<void> {
  const lifting = at(
    world.orders.filter(({ id }) => id !== undefined),
    step.order,
  );
  if (lifting === undefined) return;
  const { status, json, text } = await world.server.admin("POST", `/admin/v1/revocations/${lifting.id}/lift`);
  assert.equal(status, lifting.final || lifting.lifted ? 409 : 200, text);
  if (status !== 200) return;
  assert.equal(json.lifts, lifting.seq);
  lifting.lifted = true;
  world.head = Number(json.seq);
}

/** Takes a client or one of its keys out of service, or puts it back. */
export async function suspend(world: World, step: Doing<"suspend" | "approve">): Promise<void> {
  const client = clientAt(world, step.client);
  const { client_id } = client.registered;
  const key = step.key === undefined ? undefined : at(client.keys, step.key);
  const unit: Unit = key === undefined ? { is: "client", client: client_id } : { is: "key", key: key.id };
  const path = key === undefined ? `/admin/v1/clients/${client_id}` : `/admin/v1/keys/${key.id}`;
  const verb = step.do === "suspend" ? "revoke" : "approve";
  const { status, json, text } = await world.server.admin("POST", `${path}/${verb}`);
  assert.deepEqual([status, json.status], [200, verb === "revoke" ? "revoked" : "approved"], text);
  const before = world.head;
  world.head = await headOf(world.server);
  const standing = world.orders.filter(
    (one) => one.suspend === true && !one.lifted && JSON.stringify(one.unit) === JSON.stringify(unit),
  );
  if (step.do === "approve") {
    for (const one of standing) one.lifted = true;
    assert.equal(world.head, before + standing.length, "one lift for each suspension that stood");
    return;
  }
  assert.equal(
    world.head,
    before + (standing.length === 0 ? 1 : 0),
    "one entry, unless it was suspended already",
  );
  if (standing.length === 0)
    world.orders.push({ seq: world.head, unit, suspend: true, final: false, lifted: false });
}

/** A person signs out in their browser, where they are still signed in. */
export async function logOut(world: World, step: Doing<"log out">): Promise<void> {
  const login = at(world.subjects, step.subject)?.login;
  if (login === undefined) return;
  const browser = browserWith(world.server, login.signedIn);
  const asked = await browser.open(`${world.server.base}/oauth2/logout`);
  const isAsked = asked.forms.length > 0;
  assert.equal(isAsked, isLive(login.judged, world.orders), "only who is signed in can sign out");
  if (!isAsked) return;
  const ended = await browser.submit(asked, { answer: "sign-out" });
  const unit: Unit = { is: "logout", session: login.signedIn.sessionId };
  noteOrder(world, { seq: Number(ended.headers.get("rescind-seq")), unit, final: true });
}

/** Moves the rotations of a grant back, as if two minutes had passed: the window is over. */
export function letTimePass(world: World, step: Doing<"two minutes pass">): void {
  const token = at([...world.rotations.keys()], step.token);
  if (token?.grant === undefined) return;
  const database = new DatabaseSync(join(world.server.data, "rescind.db"), { timeout: 5000 });
  database
    .prepare(
      "UPDATE refresh_tokens SET spent_at_ms = spent_at_ms - 120000 WHERE grant_id = ? AND spent_at_ms IS NOT NULL",
    )
    .run(BigInt(token.grant.replace("gnt_", "")));
  database.close();
  for (const [spent, rotation] of world.rotations) if (spent.grant === token.grant) rotation.aged = true;
}
