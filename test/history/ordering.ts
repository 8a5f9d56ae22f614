// What takes tokens back or gives them back: revocation by clients, orders of the administrator, suspensions, lifts,
// sign-outs; also by clients that may not.

import { setTimeout as pause } from "node:timers/promises";
import { type Unit, unitOf } from "../model/model.ts";
import { createPerson } from "../person.ts";
import { anyClient, anyKey, at } from "./issuing.ts";
import type { Thing } from "./record.ts";
import type { Answer, Unanswered } from "./requests.ts";
import type { Asking, Held, Traffic } from "./traffic.ts";
import type { Client, Reach } from "./world.ts";

interface Ordering {
  readonly unit: Unit;
  readonly suspend?: boolean;
  readonly final?: boolean;
  readonly before?: number | undefined;
  readonly authorised?: boolean;
}

function noteOrder(traffic: Traffic, asking: Asking, answer: Answer | Unanswered, ordering: Ordering): void {
  const { unit, suspend = false, final = true, before, authorised = true } = ordering;
  const result = answer.status === undefined ? "info" : answer.status < 300 ? "ok" : "fail";
  const args = { unit, suspend, final, before, authorised, returnedAt: Date.now() };
  traffic.note({ ...traffic.fields(asking, answer, result), ...at(answer), op: "order", args });
}

/** RFC 7009, by its own client; one in eight by another one, which has no effect. */
export async function revoke(traffic: Traffic, asking: Asking): Promise<void> {
  const held = traffic.pick(
    traffic.random.below(4) === 0 ? "refresh" : "access",
    ({ client }) => !client.isInsider,
  );
  if (held === undefined) return;
  const client = traffic.random.below(8) === 0 ? anyClient(traffic) : held.client;
  const key = anyKey(traffic, client);
  const cascade: Reach | undefined =
    traffic.random.below(4) === 0
      ? traffic.random.pick(["token", "grant", "subject_client"] as const)
      : undefined;
  const form = { token: held.text, ...(cascade === undefined ? {} : { cascade }) };
  const answer = await traffic.asClient(asking, "/oauth2/revoke", form, { client, key });
  if (answer.status === 401) return;
  const kind = held.thing.kind === "refresh" ? "refresh" : "access";
  const unit = unitReached(held.thing, cascade ?? client.policy[kind]);
  noteOrder(traffic, asking, answer, { unit, authorised: client === held.client });
}

function unitReached(thing: Thing, reach: Reach): Unit {
  const { id, client, subject, grant, kind } = thing;
  const facts = {
    id,
    client,
    subject,
    grant,
    kind: kind === "refresh" ? ("refresh" as const) : ("access" as const),
  };
  return unitOf({ ...unowned, ...facts }, reach);
}

const unowned = {
  ...{
    text: "",
    name: "",
    foreign: undefined,
    session: undefined,
    offline: false,
    key: undefined,
    kid: undefined,
  },
  ...{ rev: 0, authorisedAt: undefined, parents: [], spent: false },
};

/** What stands here more often comes more often: a world in which all is dead tells nothing. */
const selections = [
  ...["token", "token", "token", "grant", "grant", "grant", "session", "session", "subject"],
  ...["subject", "subject+client", "subject+client", "before", "key", "client"],
] as const;

export async function order(traffic: Traffic, asking: Asking): Promise<void> {
  const held = traffic.pick(
    traffic.random.below(3) === 0 ? "refresh" : "access",
    ({ client }) => !client.isInsider,
  );
  if (held === undefined) return;
  const named =
    traffic.random.below(60) === 0 ? traffic.random.pick(["all", "kid"]) : traffic.random.pick(selections);
  const selected = select(named, held.thing);
  if (selected !== undefined) await sendOrder(traffic, asking, selected);
}

interface Selected {
  readonly select: Record<string, unknown>;
  readonly unit: Unit;
  /** Seconds. */
  readonly before?: number | undefined;
}

function select(named: string, thing: Thing): Selected | undefined {
  const { id, client = "", subject = "", grant, session, key, kid, authorisedAt } = thing;
  switch (named) {
    case "token":
      return id === undefined || thing.kind === "refresh"
        ? undefined
        : { select: { token_id: id }, unit: { is: "token", id } };
    case "grant":
      return grant === undefined ? undefined : { select: { grant_id: grant }, unit: { is: "grant", grant } };
    case "session":
      return session === undefined
        ? undefined
        : { select: { session_id: session }, unit: { is: "session", session } };
    case "subject":
      return { select: { subject }, unit: { is: "subject", subject } };
    case "before":
      // Whole seconds, and never in the future.
      return authorisedAt === undefined
        ? undefined
        : { select: { subject }, unit: { is: "subject", subject }, before: authorisedAt };
    case "subject+client":
      return { select: { subject, client_id: client }, unit: { is: "subject+client", subject, client } };
    case "client":
      return { select: { client_id: client }, unit: { is: "client", client } };
    case "key":
      return key === undefined ? undefined : { select: { key_id: key }, unit: { is: "key", key } };
    case "kid":
      return kid === undefined ? undefined : { select: { kid }, unit: { is: "signing key", kid } };
    default:
      return { select: { all: true }, unit: { is: "all" } };
  }
}

export async function sendOrder(traffic: Traffic, asking: Asking, selected: Selected): Promise<void> {
  const { before } = selected;
  const final = traffic.random.below(4) === 0;
  const time =
    before === undefined ? {} : { before: new Date(before * 1000).toISOString().replace(".000Z", "Z") };
  const body = { select: selected.select, final, ...time };
  const asked = await traffic.asBearer(asking, "admin", {
    method: "POST",
    path: "/admin/v1/revocations",
    body,
  });
  if (asked === undefined) return;
  const { answer } = asked;
  noteOrder(traffic, asking, answer, { unit: selected.unit, final, before });
  if (answer.status !== 201 || final) return;
  traffic.liftable.push({ id: String(answer.json.id), unit: selected.unit });
}

export async function lift(traffic: Traffic, asking: Asking): Promise<void> {
  const lifting =
    traffic.liftable.length === 0 ? undefined : traffic.random.pick(traffic.liftable.slice(-10));
  if (lifting === undefined) return order(traffic, asking);
  const path = `/admin/v1/revocations/${lifting.id}/lift`;
  const asked = await traffic.asBearer(asking, "admin", { method: "POST", path });
  if (asked === undefined) return;
  const { answer } = asked;
  const result = answer.status === undefined ? "info" : answer.status === 200 ? "ok" : "fail";
  const done = answer.status === 200 ? answer.json : undefined;
  const position = done === undefined ? {} : { position: Number(done.seq) };
  const lifts = done === undefined ? undefined : Number(done.lifts);
  const args = { unit: lifting.unit, suspensions: false, lifts };
  traffic.note({ ...traffic.fields(asking, answer, result), ...position, op: "lift", args });
}

/** Takes a client or a key out of service, looks what that does, and puts it back: nothing else goes on without it. */
export async function suspend(traffic: Traffic, asking: Asking): Promise<void> {
  const client = anyClient(traffic);
  const key = traffic.random.below(2) === 0 ? undefined : anyKey(traffic, client);
  const unit: Unit = key === undefined ? { is: "client", client: client.id } : { is: "key", key: key.id };
  const path = key === undefined ? `/admin/v1/clients/${client.id}` : `/admin/v1/keys/${key.id}`;
  const asked = await traffic.asBearer(asking, "admin", { method: "POST", path: `${path}/revoke` });
  if (asked === undefined) return;
  noteOrder(traffic, asking, asked.answer, { unit, suspend: true, final: false });
  await probe(traffic, asking, client);
  for (let tries = 0; tries < 200; tries++) {
    if (await approve(traffic, asking, path, unit)) return;
    await pause(100); // between attempts at a server that is away
  }
}

async function approve(traffic: Traffic, asking: Asking, path: string, unit: Unit): Promise<boolean> {
  const asked = await traffic.asBearer(asking, "admin", { method: "POST", path: `${path}/approve` });
  if (asked === undefined) return false;
  const { answer } = asked;
  const result = answer.status === undefined ? "info" : answer.status === 200 ? "ok" : "fail";
  traffic.note({
    ...traffic.fields(asking, answer, result),
    ...at(answer),
    op: "lift",
    args: { unit, suspensions: true },
  });
  return result === "ok";
}

/** One use of the credentials and one of a token. */
async function probe(traffic: Traffic, asking: Asking, client: Client): Promise<void> {
  const key = anyKey(traffic, client);
  const other = { proc: asking.proc, node: traffic.random.pick(traffic.nodes) };
  const held = traffic.pick("access", (one) => one.client === client);
  const form = { token: held?.text ?? "none" };
  await traffic.asClient(other, "/oauth2/introspect", form, { client, key });
}

/** A person signs out in the browser in which they are signed in. */
export async function signOut(traffic: Traffic, asking: Asking): Promise<void> {
  const session: Held | undefined = traffic.pick("session", ({ refused }) => !refused);
  if (session?.thing.id === undefined) return revoke(traffic, asking);
  const browser = createPerson(new URL(asking.node.url).origin);
  browser.cookies.set("127.0.0.1 rescind_session", session.text);
  const asked = await browser.open(`${asking.node.url}/oauth2/logout`).catch(() => undefined);
  if (asked === undefined || asked.forms.length === 0) return;
  const inv = performance.now();
  const ended = await browser.submit(asked, { answer: "sign-out" }).catch(() => undefined);
  const seq = ended?.headers.get("rescind-seq");
  const result = seq === null || seq === undefined ? "info" : "ok";
  const args = {
    ...{ unit: { is: "logout" as const, session: session.thing.id }, suspend: false, final: true },
    ...{ authorised: true, returnedAt: Date.now() },
  };
  const fields = {
    proc: asking.proc,
    node: asking.node.name,
    t_inv: inv,
    t_ret: performance.now(),
    result,
  } as const;
  traffic.note({ ...fields, ...(result === "ok" ? { position: Number(seq) } : {}), op: "order", args });
}
