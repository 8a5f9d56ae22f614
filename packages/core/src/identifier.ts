// Public ids made from row ids: a prefix and the row's id in decimal, so that an id is found by primary key
// and the SQL view can write it as text. An id is never used twice.

import { isRowId, type RowId } from "./token-format.ts";

export const idPrefixes = {
  /** The `jti` of an access token, and the id of a refresh token's row. */
  token: "tid_",
  grant: "gnt_",
  session: "ses_",
  passkey: "pky_",
  /** A seed of time-based codes, and a set of recovery codes. */
  totp: "otp_",
  recoveryCodes: "rcv_",
  key: "key_",
  revocation: "rev_",
  /** A webhook subscription. */
  subscription: "sub_",
  /** One event on its way to one subscription; the same at each attempt. */
  delivery: "evt_",
  /** Who a person is at an upstream provider. */
  identity: "idt_",
  /** A token that an upstream provider gave at a sign-in. */
  upstreamToken: "upt_",
} as const;

export type IdKind = keyof typeof idPrefixes;

export function formatId(kind: IdKind, rowId: RowId): string {
  return idPrefixes[kind] + rowId;
}

/** The row id in a public id of this kind; undefined for anything else. */
export function parseId(kind: IdKind, text: string): RowId | undefined {
  const prefix = idPrefixes[kind];
  const digits = text.startsWith(prefix) ? text.slice(prefix.length) : "";
  return digits !== "0" && isRowId(digits) ? digits : undefined;
}
