// What is live, as plain as it can be said: tokens that know what they belong to, orders that name a unit, and the rule.
// Written from DESIGN.md sections 1 and 3 and CONTRACT.md section 6; it shares no code with the server and knows nothing
// of fingerprints, views or memory. A lineage is simply the parents.

/** Seconds by which a foreign issuer's clock may differ. */
const clockTolerance = 10;

export interface Token {
  readonly text: string;
  readonly name: string;
  readonly kind: "access" | "refresh";
  /** The issuer's URL for a foreign token, whose only other units are subject and `jti`. */
  readonly foreign: string | undefined;
  readonly id: string | undefined;
  readonly client: string | undefined;
  readonly subject: string | undefined;
  readonly grant: string | undefined;
  readonly session: string | undefined;
  readonly offline: boolean;
  readonly key: string | undefined;
  readonly kid: string | undefined;
  /** The number of the newest entry when its issuing began. */
  readonly rev: number;
  /** Seconds: what `before` is compared with. Undefined for a foreign token that does not say when it was issued. */
  readonly authorisedAt: number | undefined;
  /** What it was exchanged from. */
  readonly parents: readonly Token[];
  spent: boolean;
}

export type Unit =
  | { readonly is: "token"; readonly id: string }
  | { readonly is: "grant"; readonly grant: string }
  | { readonly is: "session"; readonly session: string }
  | { readonly is: "logout"; readonly session: string }
  | { readonly is: "subject"; readonly subject: string }
  | { readonly is: "client"; readonly client: string }
  | { readonly is: "subject+client"; readonly subject: string; readonly client: string }
  | { readonly is: "key"; readonly key: string }
  | { readonly is: "signing key"; readonly kid: string }
  | { readonly is: "issuer"; readonly issuer: string }
  | { readonly is: "issuer's subject"; readonly issuer: string; readonly subject: string }
  | { readonly is: "issuer's token"; readonly issuer: string; readonly id: string }
  | { readonly is: "all" };

export interface Order {
  readonly seq: number;
  readonly unit: Unit;
  readonly before?: number | undefined;
  readonly suspend?: boolean;
  readonly final: boolean;
  /** Its id, where an administrator gave it. */
  readonly id?: string | undefined;
  lifted: boolean;
}

/** Whether this token itself is of the unit. */
function isOf(unit: Unit, token: Token): boolean {
  const { foreign } = token;
  if (unit.is === "issuer") return foreign === unit.issuer;
  if (unit.is === "issuer's subject") return foreign === unit.issuer && token.subject === unit.subject;
  if (unit.is === "issuer's token") return foreign === unit.issuer && token.id === unit.id;
  if (foreign !== undefined) return false;
  switch (unit.is) {
    case "token":
      return token.id === unit.id;
    case "grant":
      return token.grant === unit.grant;
    case "session":
      return token.session === unit.session;
    case "logout":
      return token.session === unit.session && !token.offline;
    case "subject":
      return token.subject === unit.subject && token.subject !== token.client;
    case "client":
      return token.client === unit.client;
    case "subject+client":
      return token.subject === unit.subject && token.client === unit.client;
    case "key":
      return token.key === unit.key;
    case "signing key":
      return token.kid === unit.kid;
    case "all":
      return true;
  }
}

/** Whether it or anything it descends from is of the unit. `all` is every token of ours, not what it came from. */
export function descends(unit: Unit, token: Token): boolean {
  return isOf(unit, token) || (unit.is !== "all" && token.parents.some((parent) => descends(unit, parent)));
}

const forGood: readonly Unit["is"][] = ["token", "grant", "signing key", "issuer's token"];

function covers(order: Order, token: Token): boolean {
  if (order.lifted || !descends(order.unit, token)) return false;
  if (order.suspend === true || forGood.includes(order.unit.is)) return true;
  if (token.foreign !== undefined)
    return token.authorisedAt === undefined || token.authorisedAt <= (order.before ?? 0) + clockTolerance;
  if (token.rev >= order.seq) return false;
  return order.before === undefined || (token.authorisedAt ?? 0) <= order.before;
}

export function isLive(token: Token, orders: readonly Order[]): boolean {
  return !token.spent && !orders.some((order) => covers(order, token));
}

/** Whether anything covers it, spent or not. */
export function isCovered(token: Token, orders: readonly Order[]): boolean {
  return orders.some((order) => covers(order, token));
}

/** Of an exchanged token: the earliest of its parents; a foreign one may have been earlier by the tolerance. */
export function earliest(parents: readonly Token[]): number {
  const times = parents.map(({ foreign, authorisedAt }) =>
    authorisedAt === undefined ? 0 : authorisedAt - (foreign === undefined ? 0 : clockTolerance),
  );
  return Math.max(0, Math.min(...times));
}

/** Exchanges between this token and the first of its line. */
export function depth(token: Token): number {
  return token.parents.length === 0 ? 0 : 1 + Math.max(...token.parents.map(depth));
}

/** The unit that revoking this token means, by the reach that its client's policy or `cascade=` says. */
export function unitOf(token: Token, reach: "token" | "grant" | "subject_client"): Unit {
  const { id = "", grant, subject = "", client = "" } = token;
  if (reach === "subject_client") return { is: "subject+client", subject, client };
  if (grant !== undefined && (reach === "grant" || token.kind === "refresh")) return { is: "grant", grant };
  return { is: "token", id };
}
