// An exported audit log: every edit of it shows. DESIGN.md invariant E1, THREATS WEB-27.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  type AuditLine,
  auditLineInput,
  readAuditLine,
  verifyAuditLines,
  writeAuditLine,
} from "@rescind/admin-api";
import { origin } from "@rescind/core";
import fc from "fast-check";
import { seed } from "../../../test/seed.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

/** The number of the first line that does not fit; undefined where all do. */
async function brokenAt(lines: readonly string[]): Promise<number | undefined> {
  return (await verifyAuditLines(lines, sha256)).brokenAt;
}

const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("base64url"));
const records = fc.record(
  {
    at: fc
      .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((at) => at.toISOString()),
    action: fc.constantFrom("revoke", "lift", "client.created"),
    actor: fc.record({ kind: fc.constantFrom("client", "user", "admin", "server"), id: fc.string() }),
    revocation_id: fc.bigInt(1n, 2n ** 63n - 1n).map((row) => `rev_${row}`),
    seq: fc.nat(2 ** 31),
    content: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value))),
    feed_hash: hashes,
  },
  { requiredKeys: ["at", "action", "actor", "content", "feed_hash"] },
);
/** A whole export whose chain fits. */
const exports = fc.array(records, { minLength: 1, maxLength: 6 }).map((all) => {
  let previous = origin.hash;
  return all.map((record, index) => {
    const line = { ...record, number: index + 1, of: all.length, hash: "" };
    const input = auditLineInput(previous, line);
    assert.ok(input !== undefined);
    previous = sha256(input);
    return writeAuditLine({ ...line, hash: previous });
  });
});

function holds<Arguments>(property: fc.IAsyncProperty<Arguments>, runs = 300): Promise<void> {
  return fc.assert(property, { seed, numRuns: runs });
}

test("a whole export fits, line by line", async () => {
  await holds(
    fc.asyncProperty(exports, async (lines) => {
      assert.equal(await brokenAt(lines), undefined);
    }),
  );
});

test("E1 WEB-27 a line with any one character changed, added or taken away does not fit", async () => {
  const edits = fc.record({
    where: fc.nat(),
    what: fc.constantFrom("change", "add", "remove"),
    how: fc.string({ minLength: 1, maxLength: 1 }),
  });
  await holds(
    fc.asyncProperty(exports, fc.nat(), edits, async (lines, which, { where, what, how }) => {
      const index = which % lines.length;
      const line = lines[index] ?? "";
      const place = where % line.length;
      const kept = line.slice(place + (what === "add" ? 0 : 1));
      const edited = `${line.slice(0, place)}${what === "remove" ? "" : how}${kept}`;
      fc.pre(edited !== line);
      assert.ok((await brokenAt(lines.with(index, edited))) !== undefined, edited);
    }),
    1000,
  );
});

test("E1 WEB-27 a line taken out, put twice or swapped with another does not fit", async () => {
  const which = fc.tuple(fc.nat(), fc.nat());
  await holds(
    fc.asyncProperty(
      exports,
      which,
      fc.constantFrom("remove", "double", "swap"),
      async (lines, [a, b], how) => {
        const [one, other] = [a % lines.length, b % lines.length];
        fc.pre(how !== "swap" || one !== other);
        fc.pre(how !== "remove" || lines.length > 1);
        const edited = [...lines];
        if (how === "remove") edited.splice(one, 1);
        if (how === "double") edited.splice(one, 0, lines[one] ?? "");
        if (how === "swap") [edited[one], edited[other]] = [lines[other] ?? "", lines[one] ?? ""];
        assert.ok((await brokenAt(edited)) !== undefined, how);
      },
    ),
  );
});

test("E1 WEB-27 every member of a line is covered: another value in its place does not fit", async () => {
  const others = { text: fc.string(), whole: fc.nat() };
  await holds(
    fc.asyncProperty(exports, fc.nat(), others.text, others.whole, async (lines, which, text, whole) => {
      const index = which % lines.length;
      const line = readAuditLine(lines[index] ?? "");
      assert.ok(line !== undefined);
      const changes: Partial<AuditLine>[] = [
        { number: whole },
        { of: whole + 1 },
        { at: new Date(whole).toISOString() },
        { action: text },
        { actor: { ...line.actor, id: text } },
        { actor: { ...line.actor, kind: "server" } },
        { revocation_id: `rev_${whole + 1}` },
        { seq: whole },
        { content: { [text]: whole } },
        { feed_hash: text },
        { hash: text },
      ];
      for (const change of changes) {
        const edited = writeAuditLine({ ...line, ...change });
        if (edited !== lines[index])
          assert.ok((await brokenAt(lines.with(index, edited))) !== undefined, edited);
      }
    }),
    100,
  );
});

test("a line with other members, or written in another way, is none", () => {
  const line =
    '{"number":1,"of":1,"at":"2026-01-01T00:00:00.000Z","action":"a","actor":{"kind":"admin","id":"x"},"content":{},"feed_hash":"","hash":""}';
  assert.ok(readAuditLine(line) !== undefined);
  for (const other of [
    ` ${line}`,
    line.replace('"number":1', '"number":9,"number":1'),
    line.replace('"action":"a"', '"action":"\\u0061"'),
    line.replace("}", ',"more":1}'),
    line.replace('"number":1,"of":1', '"of":1,"number":1'),
    line.replace('"admin"', '"root"'),
    "null",
    "{}",
    "",
  ])
    assert.equal(readAuditLine(other), undefined, other);
});
