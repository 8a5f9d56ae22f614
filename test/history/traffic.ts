// What the clients of a history hold and how they ask: tokens by names of their own, every request recorded. What they do
// with it is in issuing.ts, using.ts and ordering.ts.

import { formatId, parseToken } from "@rescind/core";
import { decodeJwt, decodeProtectedHeader } from "jose";
import type { Random } from "../faults/random.ts";
import type { Unit } from "../model/model.ts";
import type { Node } from "./nodes.ts";
import type { HistoryRecord, Result, Thing } from "./record.ts";
import { type Answer, type Credentials, Requests, type Unanswered } from "./requests.ts";
import type { HistoryVerifier } from "./verifiers.ts";
import type { Client, Key, World } from "./world.ts";

export interface Held {
  readonly thing: Thing;
  readonly text: string;
  readonly client: Client;
  /** Its last answer said that it is not live. */
  refused: boolean;
}

/** An order that may be taken back. */
export interface Liftable {
  readonly id: string;
  readonly unit: Unit;
}

/** The client of a history that asks now. */
export interface Asking {
  readonly proc: string;
  readonly node: Node;
}

export class Traffic {
  readonly records: HistoryRecord[] = [];
  readonly requests = new Requests();
  readonly held: Held[] = [];
  readonly liftable: Liftable[] = [];
  readonly random: Random;
  readonly nodes: readonly Node[];
  readonly verifiers: readonly HistoryVerifier[];
  readonly world: World;
  readonly admin: Credentials;
  readonly #byText = new Map<string, Held>();
  #names = 0;
  readonly #bearers = new Map<"admin" | "feed", Held>();

  constructor(parts: {
    readonly random: Random;
    readonly nodes: readonly Node[];
    readonly verifiers: readonly HistoryVerifier[];
    readonly world: World;
    readonly admin: Credentials;
  }) {
    this.random = parts.random;
    this.nodes = parts.nodes;
    this.verifiers = parts.verifiers;
    this.world = parts.world;
    this.admin = parts.admin;
    this.#bearCredentials();
  }

  /** A new name. */
  name(prefix: string): string {
    return `${prefix}${++this.#names}`;
  }

  note(record: HistoryRecord): void {
    this.records.push(record);
  }

  /** The fields that every record of this answer has. */
  fields({ proc, node }: Asking, answer: Answer | Unanswered, result: Result) {
    return { proc, node: node.name, t_inv: answer.inv, t_ret: answer.ret, result } as const;
  }

  /** Takes a token that was just given out; the same text keeps its name. */
  hold(text: string, kind: Thing["kind"], client: Client, facts: Partial<Thing>): Held {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const thing = { ...facts, ...readText(text), name: this.name(kind.slice(0, 1)), kind };
    const held = { thing, text, client, refused: false };
    this.#byText.set(text, held);
    this.held.push(held);
    return held;
  }

  /** What a token response holds; refresh tokens are known by what the access token beside them says. */
  holdAnswer(answer: Answer, client: Client, facts: Partial<Thing>): Held[] {
    const { access_token, refresh_token } = answer.json;
    const access =
      typeof access_token === "string" ? this.hold(access_token, "access", client, facts) : undefined;
    if (typeof refresh_token !== "string") return access === undefined ? [] : [access];
    const { grant, session, subject, offline, authorisedAt, rev, key } = access?.thing ?? {};
    const same = { grant, session, subject, offline, authorisedAt, rev, key };
    const own = Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined));
    const refresh = this.hold(refresh_token, "refresh", client, { ...facts, ...own });
    return access === undefined ? [refresh] : [access, refresh];
  }

  /** One of these that a client would use: three times of four one that was not refused yet, mostly a new one. */
  pick(kind: Thing["kind"], fits: (held: Held) => boolean = () => true): Held | undefined {
    const all = this.held.filter((held) => held.thing.kind === kind && fits(held));
    const live = all.filter(({ refused }) => !refused);
    const some = this.random.below(4) === 0 || live.length === 0 ? all : live;
    const recent = this.random.below(3) === 0 ? some : some.slice(-12);
    return recent.length === 0 ? undefined : this.random.pick(recent);
  }

  /** A request as a client with these credentials, whose being in force the answer tells, too. */
  async asClient(
    asking: Asking,
    path: string,
    form: Record<string, string>,
    { client, key }: { readonly client: Client; readonly key: Key },
  ): Promise<Answer | Unanswered> {
    const credentials = { client_id: client.id, client_secret: key.secret };
    const answer = await this.requests.form(`${asking.node.url}${path}`, form, credentials);
    if (answer.status === undefined || answer.status === 429) return asUnanswered(answer);
    const result = answer.status === 401 ? "fail" : "ok";
    const args = { thing: credentialName(client, key), at: path };
    this.note({ ...this.fields(asking, answer, result), op: "use", args });
    return answer;
  }

  /**
   * A request with the administrator's token, or with that of a reader of the feed; whether the token was live is told by
   * the answer. Undefined where there was no token to ask with.
   */
  async asBearer(
    asking: Asking,
    who: "admin" | "feed",
    { method, path, body }: { readonly method: string; readonly path: string; readonly body?: unknown },
  ): Promise<{ readonly answer: Answer | Unanswered; readonly by: string } | undefined> {
    const held = this.#bearers.get(who) ?? (await this.#newBearer(asking, who));
    if (held === undefined) return undefined;
    this.#bearers.set(who, held);
    const headers: Record<string, string> = { authorization: `Bearer ${held.text}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.requests.ask(`${asking.node.url}${path}`, method, headers, text);
    const by = held.thing.name;
    if (answer.status === undefined) return { answer, by };
    const result = answer.status === 401 ? "fail" : "ok";
    this.note({ ...this.fields(asking, answer, result), op: "use", args: { thing: by, at: path } });
    if (answer.status === 401 && this.#bearers.get(who) === held) this.#bearers.delete(who);
    return { answer, by };
  }

  async #newBearer(asking: Asking, who: "admin" | "feed"): Promise<Held | undefined> {
    const form = { grant_type: "client_credentials" };
    const credentials = who === "admin" ? this.admin : this.world.api;
    const answer = await this.requests.form(`${asking.node.url}/oauth2/token`, form, credentials);
    if (answer.status !== 200) return undefined;
    const client = { ...insider, id: credentials.client_id };
    const [held] = this.holdAnswer(answer, client, { evidence: [] });
    const args = { by: "client credentials", evidence: [], made: held === undefined ? [] : [held.thing] };
    this.note({ ...this.fields(asking, answer, "ok"), op: "issue", args });
    return held;
  }

  #bearCredentials(): void {
    const made = this.world.clients.flatMap((client) =>
      client.keys.map((key) => {
        const name = credentialName(client, key);
        return { name, kind: "credential" as const, client: client.id, key: key.id };
      }),
    );
    const now = performance.now();
    const args = { by: "registration", evidence: [], made };
    this.note({ proc: "world", node: "n1", op: "issue", args, t_inv: now, t_ret: now, result: "ok" });
  }
}

export function credentialName(client: Client, key: Key): string {
  return `${client.id}/${key.id}`;
}

/** An answer that says nothing of what was asked. */
function asUnanswered({ inv, ret }: Answer | Unanswered): Unanswered {
  return { status: undefined, inv, ret };
}

/** Clients whose tokens only open this server: they are neither shown to verifiers nor revoked one by one. */
const insider: Omit<Client, "id"> = {
  isOpaque: false,
  isInsider: true,
  policy: { access: "token", refresh: "grant" },
  keys: [],
};

/** What a token says of itself: claims of a JWT, the id in an opaque one. */
function readText(text: string): Partial<Thing> {
  if (text.split(".").length !== 3) {
    const parsed = parseToken(text);
    if (parsed === undefined) return {};
    return { id: formatId(parsed.kind === "session" ? "session" : "token", parsed.rowId) };
  }
  const claims = decodeJwt(text);
  const { kid } = decodeProtectedHeader(text);
  const said = {
    ...{ id: claims.jti, client: claims.client_id, subject: claims.sub, grant: claims.grant_id },
    ...{ session: claims.sid, offline: claims.offline, key: claims.key_id, kid, rev: claims.rev },
    authorisedAt: claims.grant_iat ?? claims.iat,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
