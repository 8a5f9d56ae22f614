// Entries as they go over the wire: no identifiers, members in CONTRACT.md's order.

import type { FeedEntry } from "@rescind/core";
import type { LoggedEntry } from "@rescind/store";

export function wireEntry(entry: LoggedEntry): FeedEntry {
  const { seq, kind } = entry;
  const ack = entry.ack === true ? { ack: true } : {};
  const expires = kind === "epoch" || entry.expires === undefined ? {} : { expires: entry.expires };
  switch (kind) {
    case "epoch":
      return { seq, kind, ...ack };
    case "lift":
      return { seq, kind, ...expires, lifts: entry.lifts, ...ack };
    case "revoke":
      return {
        seq,
        kind,
        unit: entry.unit,
        fp: entry.fp,
        ...(entry.before === undefined ? {} : { before: entry.before }),
        ...(entry.suspend === true ? { suspend: true } : {}),
        ...expires,
        ...ack,
      };
  }
}
