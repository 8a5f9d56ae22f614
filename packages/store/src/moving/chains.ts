// Whether the log and the audit chain in the rows of a database are whole: each hash is computed again. Rows come by
// table and key. Used on backups before anything is replaced by them, and on moves when they are done.

import { createHash } from "node:crypto";
import { chainInput, type FeedEntry, fromBase64url, isUnitName, origin } from "@rescind/core";
import { auditHashOf } from "../intentions/audit-check.ts";
import type { Cell, Cells } from "./cells.ts";
import type { Table } from "./tables.ts";

interface Head {
  readonly seq: number;
  readonly hash: string;
  readonly audit: number;
  readonly auditHash: string;
  readonly floor: number;
  readonly floorHash: string;
}

interface Link {
  readonly seq: number;
  readonly hash: string;
  readonly entry: FeedEntry;
}

/** Takes the tables in any order, each table's rows by key. */
export class Chains {
  #head: Head | undefined;
  #last: { readonly seq: number; readonly hash: string } = origin;
  /** Entries that do not follow the one before them: something was removed in between, or changed. */
  #breaks: { readonly after: number; readonly link: Link }[] = [];
  #records = 0;
  #auditHash = origin.hash;
  #brokenAudit: number | undefined;

  take(table: Table, rows: readonly Cells[]): void {
    if (table.name === "feed_head") for (const row of rows) this.#head = headOf(named(table, row));
    if (table.name === "entries") for (const row of rows) this.#entry(linkOf(named(table, row)));
    if (table.name === "audit") for (const row of rows) this.#audit(named(table, row));
  }

  /** What does not fit; undefined where all does. */
  fault(): string | undefined {
    const head = this.#head;
    if (head === undefined) return "the head of the log is missing";
    if (this.#brokenAudit !== undefined) return `the audit record ${this.#brokenAudit} does not fit`;
    if (this.#records !== head.audit || this.#auditHash !== head.auditHash)
      return `the audit chain ends at ${this.#records}, not at ${head.audit}`;
    // Below the floor entries were removed, and those that are left stand alone: from the floor on the log is whole.
    const fault = this.#breaks.find(
      ({ after, link }) => link.seq > head.floor && !isAfterFloor(after, link, head),
    );
    if (fault !== undefined) return `the entry ${fault.link.seq} of the log does not fit`;
    const end = this.#last.seq >= head.floor ? this.#last : { seq: head.floor, hash: head.floorHash };
    const isWhole = end.seq === head.seq && end.hash === head.hash;
    return isWhole ? undefined : `the log ends at ${end.seq}, not at ${head.seq}`;
  }

  #entry(link: Link): void {
    const { seq, hash } = link;
    if (hashAfter(this.#last.hash, link.entry) !== hash) this.#breaks.push({ after: this.#last.seq, link });
    this.#last = { seq, hash };
  }

  #audit(row: Named): void {
    if (this.#brokenAudit !== undefined) return;
    const hash = auditHashOf(auditRow(row), this.#records + 1, this.#auditHash);
    if (hash === undefined) {
      this.#brokenAudit = this.#records + 1;
      return;
    }
    this.#records += 1;
    this.#auditHash = hash;
  }
}

type Named = (name: string) => Cell;

function named({ columns }: Table, row: Cells): Named {
  return (name) => row[columns.findIndex((column) => column.name === name)] ?? null;
}

/** The first that is left whole after what was removed. */
function isAfterFloor(after: number, { hash, entry }: Link, { floor, floorHash }: Head): boolean {
  return after <= floor && hashAfter(floorHash, entry) === hash;
}

function hashAfter(previous: string, entry: FeedEntry): string | undefined {
  const bytes = fromBase64url(previous);
  return bytes && createHash("sha256").update(chainInput(bytes, entry)).digest("base64url");
}

function headOf(row: Named): Head {
  return {
    seq: Number(row("seq")),
    hash: String(row("hash")),
    audit: Number(row("audit_number")),
    auditHash: String(row("audit_hash")),
    floor: Number(row("floor_seq")),
    floorHash: String(row("floor_hash")),
  };
}

function linkOf(row: Named): Link {
  const seq = Number(row("seq"));
  return { seq, hash: String(row("hash")), entry: feedEntry(seq, row) };
}

function feedEntry(seq: number, row: Named): FeedEntry {
  const kind = row("kind");
  const expires = optional(row("expires_s"));
  if (kind === "epoch") return { seq, kind };
  if (kind === "lift") return { seq, kind, expires, lifts: Number(row("lifts")) };
  const unit = row("unit");
  const before = optional(row("before_s"));
  const suspend = row("suspend") === 1n || undefined;
  // An unknown unit makes another hash, which is what is reported.
  return {
    seq,
    kind: "revoke",
    unit: isUnitName(unit) ? unit : "token",
    fp: String(row("fp")),
    before,
    suspend,
    expires,
  };
}

function optional(cell: Cell): number | undefined {
  return cell === null ? undefined : Number(cell);
}

/** As the statement of the chain's own check reads it. */
function auditRow(row: Named): (null | string | number)[] {
  const id = row("order_id");
  return [
    Number(row("number")),
    id === null ? null : String(id),
    wholeOrNull(row("seq")),
    Number(row("at_ms")),
    ...["action", "actor_kind", "actor_id", "content", "feed_hash", "hash"].map((name) =>
      textOrNull(row(name)),
    ),
    wholeOrNull(row("lifts")),
    ...["idempotency", "subject", "client_id", "grant_id"].map((name) => textOrNull(row(name))),
  ];
}

function wholeOrNull(cell: Cell): number | null {
  return cell === null ? null : Number(cell);
}

function textOrNull(cell: Cell): string | null {
  return typeof cell === "string" ? cell : null;
}
