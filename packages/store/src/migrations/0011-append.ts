// One function for PostgreSQL that appends any number of orders to the log: head and chains are read and written once for
// all of them. SQLite's writer does the same by itself (sqlite/log-appender.ts).

import type { Migration } from "./migration.ts";

/**
 * Of an order `o`: the audit record of the order that it repeats, and the order of an equal entry, as `equalEntry` in
 * intentions/order-statements.ts says.
 */
export const repeated = `SELECT coalesce((SELECT min(a.number) FROM audit a WHERE a.order_id = o.id),
        (SELECT min(a.number) FROM audit a WHERE a.idempotency = o.idempotency)),
      (SELECT min(e.order_id) FROM entries e
        WHERE o.once = 1 AND e.unit = o.unit AND e.value = o.value AND e.issuer = o.issuer
          AND coalesce(e.client, '') = coalesce(o.client, '')
          AND e.kind = 'revoke' AND e.lifted_by IS NULL AND e.suspend = o.suspend
          AND e.final >= o.final AND e.liftable <= o.liftable
          AND (e.suspend = 1
            OR (e.expires_s - (e.at_ms + 999) / 1000 >= coalesce(o.expires_s - (o.at_ms + 999) / 1000, 0)
              AND e.keep_until_s - (e.at_ms + 999) / 1000 >= coalesce(o.keep_until_s - (o.at_ms + 999) / 1000, 0))))`;

const postgres = `
-- One element of each array for each order, in the order of intentions/append.ts; then the bytes that the chains cover.
-- The head's lock comes first, so that each statement after it sees what the orders before these have done.
CREATE FUNCTION rescind_append(
  ids BIGINT[], units TEXT[], issuers TEXT[], unit_values TEXT[], clients TEXT[], fps TEXT[], befores_s BIGINT[],
  suspends BIGINT[], expire_s BIGINT[], keeps_until_s BIGINT[], acks BIGINT[], finals BIGINT[], liftables BIGINT[],
  onces BIGINT[], longest_accesses BIGINT[], longest_grants BIGINT[], times_ms BIGINT[], actor_kinds TEXT[],
  actor_ids TEXT[], contents TEXT[], idempotencies TEXT[], subjects TEXT[], clients_of TEXT[], grants_of TEXT[],
  members BYTEA[], records BYTEA[])
RETURNS TABLE (seq BIGINT, head BIGINT, longest_access BIGINT, longest_grant BIGINT, earlier BIGINT, equal BIGINT)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  h feed_head%ROWTYPE;
  o RECORD;
  entry_hash BYTEA;
  record_hash BYTEA;
  known BIGINT;
  same BIGINT;
  digits BYTEA;
  numbered BYTEA;
BEGIN
  SELECT * INTO h FROM feed_head FOR UPDATE;
  entry_hash := rescind_from_base64url(h.hash);
  record_hash := rescind_from_base64url(h.audit_hash);
  longest_access := h.longest_access;
  longest_grant := h.longest_grant;
  FOR o IN SELECT * FROM unnest(ids, units, issuers, unit_values, clients, fps, befores_s, suspends, expire_s,
      keeps_until_s, acks, finals, liftables, onces, longest_accesses, longest_grants, times_ms, actor_kinds,
      actor_ids, contents, idempotencies, subjects, clients_of, grants_of, members, records)
    AS u (id, unit, issuer, value, client, fp, before_s, suspend, expires_s, keep_until_s, ack, final, liftable,
      once, longest_access, longest_grant, at_ms, actor_kind, actor_id, content, idempotency, subject, client_id,
      grant_id, member_bytes, record_bytes)
  LOOP
    ${repeated}
    INTO known, same;
    head := h.seq;
    earlier := known;
    equal := same;
    IF known IS NULL AND same IS NULL AND h.longest_access <= o.longest_access
      AND h.longest_grant <= o.longest_grant THEN
      h.seq := h.seq + 1;
      digits := convert_to(CAST(h.seq AS TEXT), 'UTF8');
      numbered := int4send(length(digits)) || digits;
      entry_hash := sha256(entry_hash || numbered || o.member_bytes);
      h.hash := translate(encode(entry_hash, 'base64'), '+/=', '-_');
      h.audit_number := h.audit_number + 1;
      digits := convert_to(CAST(h.audit_number AS TEXT), 'UTF8');
      record_hash := sha256(record_hash || int4send(length(digits)) || digits || numbered || entry_hash
        || o.record_bytes);
      h.audit_hash := translate(encode(record_hash, 'base64'), '+/=', '-_');
      h.last_order := o.id;
      INSERT INTO entries (seq, kind, unit, issuer, value, client, fp, before_s, suspend, expires_s, keep_until_s,
          ack, final, liftable, hash, at_ms, order_id)
        VALUES (h.seq, 'revoke', o.unit, o.issuer, o.value, o.client, o.fp, o.before_s, o.suspend, o.expires_s,
          o.keep_until_s, o.ack, o.final, o.liftable, h.hash, o.at_ms, o.id);
      INSERT INTO audit (number, order_id, seq, at_ms, action, actor_kind, actor_id, content, feed_hash, hash,
          idempotency, subject, client_id, grant_id)
        VALUES (h.audit_number, o.id, h.seq, o.at_ms, 'revoke', o.actor_kind, o.actor_id, o.content, h.hash,
          h.audit_hash, o.idempotency, o.subject, o.client_id, o.grant_id);
      seq := h.seq;
      head := h.seq;
    ELSE
      seq := NULL;
      h.last_order := NULL;
    END IF;
    RETURN NEXT;
  END LOOP;
  UPDATE feed_head SET seq = h.seq, hash = h.hash, audit_number = h.audit_number, audit_hash = h.audit_hash,
    last_order = h.last_order;
END $$;
`;

export const appending: Migration = { number: 11, compatibleFrom: 10, sqlite: "", postgres };
