// The fleet of verifiers as the nodes tell each other of it, and the removal of what nodes left behind.

import type { FleetMember, FleetNode } from "../between-nodes.ts";
import { asFlag, Columns, orNull } from "../columns.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";

/** Milliseconds. */
const day = 86_400_000;

export async function beatFleet(
  db: Database,
  { node, beat }: FleetNode,
  members: readonly FleetMember[],
): Promise<void> {
  await db.executor.apply(
    [
      ...members.map((member) => putMember(member, node, beat)),
      {
        sql: `INSERT INTO fleet_nodes (node, beat, seen_ms) VALUES ($1, $2, rescind_now_ms())
          ON CONFLICT (node) DO UPDATE SET beat = excluded.beat, seen_ms = excluded.seen_ms
          WHERE fleet_nodes.beat < excluded.beat`,
        params: [node, beat],
      },
    ],
    { urgent: true },
  );
}

function putMember(member: FleetMember, node: string, beat: number): Statement {
  const { clientId, verifier, name, leased, applied, counts } = member;
  return {
    sql: `INSERT INTO fleet (client_id, verifier, node, beat, leased, name, applied_seq, applied_hash,
          max_staleness_ms, last_lease_ms, checks, refusals, revoked_uses)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (client_id, verifier, node) DO UPDATE SET beat = excluded.beat, leased = excluded.leased,
          name = excluded.name, applied_seq = excluded.applied_seq, applied_hash = excluded.applied_hash,
          max_staleness_ms = excluded.max_staleness_ms, last_lease_ms = excluded.last_lease_ms,
          checks = excluded.checks, refusals = excluded.refusals, revoked_uses = excluded.revoked_uses
        WHERE fleet.beat < excluded.beat`,
    params: [
      ...[clientId, verifier, node, beat, asFlag(leased), orNull(name), applied.seq, applied.hash],
      ...[Math.ceil(member.maxStalenessMs), Math.floor(member.lastLeaseAtMs)],
      ...[counts.checks, counts.refusals, counts.revokedUses],
    ],
  };
}

export async function fleetNodes(db: Database): Promise<readonly FleetNode[]> {
  const rows = await db.executor.read({
    sql: "SELECT n.node, n.beat FROM fleet_nodes n WHERE n.seen_ms > rescind_now_ms() - $1",
    params: [day],
  });
  return rows.map((row) => {
    const columns = new Columns(row);
    return { node: columns.text(), beat: columns.whole() };
  });
}

export async function fleetMembers(
  db: Database,
  node: string,
  afterBeat: number,
): Promise<readonly { member: FleetMember; beat: number }[]> {
  const rows = await db.executor.read({
    sql: `SELECT f.beat, f.client_id, f.verifier, f.name, f.leased, f.applied_seq, f.applied_hash,
        f.max_staleness_ms, f.last_lease_ms, f.checks, f.refusals, f.revoked_uses
      FROM fleet f WHERE f.node = $1 AND f.beat > $2`,
    params: [node, afterBeat],
  });
  return rows.map((row) => {
    const columns = new Columns(row);
    return { beat: columns.whole(), member: takeMember(columns) };
  });
}

function takeMember(columns: Columns): FleetMember {
  return {
    clientId: columns.text(),
    verifier: columns.text(),
    name: columns.optionalText(),
    leased: columns.flag(),
    applied: { seq: columns.whole(), hash: columns.text() },
    maxStalenessMs: columns.whole(),
    lastLeaseAtMs: columns.whole(),
    counts: { checks: columns.whole(), refusals: columns.whole(), revokedUses: columns.whole() },
  };
}

export async function pruneBetweenNodes(db: Database, limit: number): Promise<void> {
  const gone = (table: string, key: string, time: string): Statement => ({
    sql: `DELETE FROM ${table} WHERE ${key} IN (
        SELECT o.${key} FROM ${table} o WHERE o.${time} < rescind_now_ms() - $1 LIMIT $2)`,
    params: [day, limit],
  });
  await db.executor.apply([
    gone("turns", "name", "until_ms"),
    gone("failures", "name", "ends_ms"),
    gone("fleet_nodes", "node", "seen_ms"),
    {
      sql: `DELETE FROM fleet WHERE leased = 0 AND last_lease_ms < rescind_now_ms() - $1
        OR NOT EXISTS (SELECT 1 FROM fleet_nodes n WHERE n.node = fleet.node)`,
      params: [day],
    },
  ]);
}
