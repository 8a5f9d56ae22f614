// What an order is aimed at, as URLs and forms hold it: a kind and one or two values.

import { cascade, type Select } from "@rescind/admin-api";

export interface TargetKind {
  readonly title: string;
  /** Labels of its values; none: everything. */
  readonly values: readonly string[];
  readonly select: (values: readonly string[]) => Select;
  /** Its row in the cascade table. */
  readonly row: string;
  /** It may reach more than one person, so the password is asked for again. */
  readonly isWide: boolean;
}

const narrow = { isWide: false };
const wide = { isWide: true };

export const targetKinds = {
  token_id: {
    title: "One token",
    values: ["Token id (jti)"],
    select: ([token_id = ""]) => ({ token_id }),
    row: "token",
    ...narrow,
  },
  grant_id: {
    title: "A grant",
    values: ["Grant id"],
    select: ([grant_id = ""]) => ({ grant_id }),
    row: "grant",
    ...narrow,
  },
  session_id: {
    title: "A login session",
    values: ["Session id"],
    select: ([session_id = ""]) => ({ session_id }),
    row: "session",
    ...narrow,
  },
  subject: {
    title: "A person",
    values: ["Subject"],
    select: ([subject = ""]) => ({ subject }),
    row: "subject",
    ...narrow,
  },
  "subject+client": {
    title: "A person at one client",
    values: ["Subject", "Client id"],
    select: ([subject = "", client_id = ""]) => ({ subject, client_id }),
    row: "subject+client",
    ...narrow,
  },
  client_id: {
    title: "A client's tokens",
    values: ["Client id"],
    select: ([client_id = ""]) => ({ client_id }),
    row: "client",
    ...wide,
  },
  key_id: {
    title: "A consumer key's tokens",
    values: ["Key id"],
    select: ([key_id = ""]) => ({ key_id }),
    row: "key",
    ...wide,
  },
  kid: {
    title: "A signing key, for good",
    values: ["Key id (kid)"],
    select: ([kid = ""]) => ({ kid }),
    row: "signing-key",
    ...wide,
  },
  issuer: {
    title: "A foreign issuer",
    values: ["Issuer"],
    select: ([issuer = ""]) => ({ issuer }),
    row: "issuer",
    ...wide,
  },
  "issuer+subject": {
    title: "A foreign issuer's person",
    values: ["Issuer", "Subject"],
    select: ([issuer = "", subject = ""]) => ({ issuer, subject }),
    row: "subject",
    ...narrow,
  },
  "issuer+jti": {
    title: "A foreign issuer's token",
    values: ["Issuer", "Token id (jti)"],
    select: ([issuer = "", jti = ""]) => ({ issuer, jti }),
    row: "token",
    ...narrow,
  },
  all: { title: "Everything", values: [], select: () => ({ all: true }), row: "all", ...wide },
} as const satisfies Readonly<Record<string, TargetKind>>;

export type TargetName = keyof typeof targetKinds;

export const targetNames = Object.keys(targetKinds) as TargetName[]; // keys of the table above

export interface Target {
  readonly kind: TargetName;
  readonly values: readonly string[];
}

export function kindOf({ kind }: Pick<Target, "kind">): TargetKind {
  return targetKinds[kind];
}

/** Whether every value is there. */
export function isWhole(target: Target): boolean {
  return kindOf(target).values.every((_, index) => (target.values[index] ?? "") !== "");
}

export function selectOf(target: Target): Select {
  return kindOf(target).select(target.values);
}

/** What it covers, in the words of the one table. */
export function coverageOf(target: Pick<Target, "kind">): string {
  const { row } = kindOf(target);
  return cascade.find(({ announcedAs }) => announcedAs.some((name) => name === row))?.covers ?? "";
}

/** The URL of the page that orders it. */
export function orderSearch(target: Target): Readonly<Record<string, string | undefined>> {
  const [value, second] = target.values;
  return { kind: target.kind, value, second };
}

export function targetFrom(search: Readonly<Record<string, unknown>>): Target {
  const kind = targetNames.find((name) => name === search.kind) ?? "subject";
  const texts = [search.value, search.second].map((value) => (typeof value === "string" ? value : ""));
  return { kind, values: texts.slice(0, targetKinds[kind].values.length) };
}

/** A recorded selection in words: "subject usr_1, client_id shop". */
export function inWords(select: Readonly<Record<string, unknown>>): string {
  if (select.all === true) return "everything";
  return Object.entries(select)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}
