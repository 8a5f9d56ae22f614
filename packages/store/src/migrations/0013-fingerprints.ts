// SQLite finds entries by fingerprint through a small index of the newest and a table of all others. Fingerprints come in
// no order, so that an index of all of them takes a page of the write-ahead log for every order. Decision 0021.

import { rule } from "./0003-rule.ts";
import type { Migration } from "./migration.ts";

/** Numbers that one part of the index of the newest spans. */
export const span = 512;

const byIndex = "ON e.fp = x.fp";
/** Asked only where a token was exchanged: beside all others the newest would be gone through for nothing. */
const byFingerprints = "ON e.seq IN (SELECT f.seq FROM fingerprints f WHERE f.fp = x.fp)";

function replaced(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new TypeError("the rule has no such part");
  return text.replace(part, () => by);
}

const sqlite = `
-- Fingerprints up to a number, which the writer moves on (sqlite/entry-fps.ts); those after it stand in the index, and some
-- of them here already.
CREATE TABLE entry_fps (fp TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (fp, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE entry_fps_upto (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
INSERT INTO entry_fps (fp, seq) SELECT e.fp, e.seq FROM entries e WHERE e.fp IS NOT NULL ORDER BY e.fp;
INSERT INTO entry_fps_upto (one, seq) SELECT 1, h.seq FROM feed_head h;
CREATE TRIGGER entry_fps_removed AFTER DELETE ON entries
  BEGIN DELETE FROM entry_fps WHERE fp = OLD.fp AND seq = OLD.seq; END;

DROP VIEW live_tokens;
DROP VIEW coverings;
DROP INDEX entries_fp;
CREATE INDEX entries_newest ON entries (seq / ${span}, fp) WHERE fp IS NOT NULL;

CREATE VIEW newest_entries AS WITH RECURSIVE parts (part) AS (
  SELECT (SELECT e.seq / ${span} FROM entries e
    WHERE e.seq > (SELECT u.seq FROM entry_fps_upto u) ORDER BY e.seq LIMIT 1)
  UNION ALL
  SELECT (SELECT e.seq / ${span} FROM entries e WHERE e.seq >= (p.part + 1) * ${span} ORDER BY e.seq LIMIT 1)
    FROM parts p WHERE p.part IS NOT NULL)
SELECT p.part FROM parts p WHERE p.part IS NOT NULL;

CREATE VIEW fingerprints AS
SELECT f.fp AS fp, f.seq AS seq FROM entry_fps f WHERE f.seq <= (SELECT u.seq FROM entry_fps_upto u)
UNION ALL
SELECT e.fp AS fp, e.seq AS seq FROM newest_entries n CROSS JOIN entries e
  ON e.seq / ${span} = n.part AND e.fp IS NOT NULL AND e.seq > (SELECT u.seq FROM entry_fps_upto u);
${replaced(rule, byIndex, byFingerprints)}`;

const postgres =
  "CREATE VIEW fingerprints AS SELECT e.fp AS fp, e.seq AS seq FROM entries e WHERE e.fp IS NOT NULL;";

export const fingerprints: Migration = { number: 13, compatibleFrom: 10, sqlite, postgres };
