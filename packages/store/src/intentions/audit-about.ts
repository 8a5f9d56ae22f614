// Whom an audit record is about: it stands in the record's content, which the chain covers, and is repeated in columns,
// by which histories of one client or person are found. The check of the chain holds the columns to the content.

import type { Unit } from "@rescind/core";
import type { SqlValue } from "../executor.ts";
import type { About, Order } from "../store.ts";

/** What the order's maker said, and what its unit says by itself; a foreign issuer's subjects are not our persons. */
export function aboutOrder(
  { about, unit }: Pick<Order, "about" | "unit">,
  issuer: string | undefined,
): About {
  return { ...(unit.issuer === (issuer ?? unit.issuer) ? toldByUnit(unit) : {}), ...said(about) };
}

/** What a record's content says. Orders of schemas before the third say it by their unit only. */
export function aboutRecord(action: string, content: Readonly<Record<string, unknown>>): About {
  if ("about" in content) return said(content.about);
  return action === "revoke" ? toldByUnit(content.unit as Unit) : {}; // parsing boundary: written by `revoke`
}

/** The columns subject, client_id and grant_id. */
export function aboutParams({ subject, clientId, grantId }: About): [SqlValue, SqlValue, SqlValue] {
  return [subject ?? null, clientId ?? null, grantId ?? null];
}

function toldByUnit({ name, value, client }: Unit): About {
  if (name === "subject") return { subject: value };
  if (name === "subject+client")
    return { subject: value, ...(client === undefined ? {} : { clientId: client }) };
  if (name === "client") return { clientId: value };
  return name === "grant" ? { grantId: value } : {};
}

/** Without members that are not there: this is what becomes JSON, and must be the same when it is read again. */
function said(about: unknown): About {
  if (typeof about !== "object" || about === null) return {};
  const { subject, clientId, grantId } = about as Readonly<Record<string, unknown>>; // parsing boundary: each is checked
  return {
    ...(typeof subject === "string" ? { subject } : {}),
    ...(typeof clientId === "string" ? { clientId } : {}),
    ...(typeof grantId === "string" ? { grantId } : {}),
  };
}
