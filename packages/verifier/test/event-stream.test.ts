// The parser of text/event-stream: WHATWG HTML section 9.2, and what a page or event of the feed has to look like.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventStreamParser, longestEvent } from "../src/event-stream.ts";
import { parseFeedPage, parseStreamedEntry } from "../src/feed-page.ts";
import { thorough } from "./property.ts";

const text = [
  ": hello\n\n",
  "retry: 500\n\n",
  "event: entry\nid: 1.x\ndata: {}\n\n",
  "event:entry\r\nid:2\r\ndata:a\r\ndata: b\r\n\r\n",
  "data\r\r",
  "id: 3\n\n",
  "data: é🙂\nother: x\n\n",
  "event: unfinished\ndata: lost",
].join("");

const expected = [
  { name: "entry", id: "1.x", data: "{}" },
  { name: "entry", id: "2", data: "a\nb" },
  { name: "message", id: "", data: "" },
  { name: "message", id: "", data: "é🙂" },
];

test("events are the same however the text is cut into pieces", () => {
  assert.deepEqual(new EventStreamParser().push(text), expected);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 30 }), (cuts) => {
      const parser = new EventStreamParser();
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      const events = at.flatMap((start, i) => parser.push(text.slice(start, at[i + 1])));
      assert.deepEqual(events, expected);
    }),
    thorough(300),
  );
});

test("an event without an end is given up, in one piece or in many", () => {
  assert.throws(() => new EventStreamParser().push("x".repeat(longestEvent + 1)), RangeError);
  const parser = new EventStreamParser();
  assert.throws(() => {
    for (let i = 0; i <= longestEvent / 100; i++) parser.push(`data: ${"x".repeat(100)}\n`);
  }, RangeError);
});

const hash = "A".repeat(43);
const entry = { seq: 7, kind: "revoke", unit: "token", fp: "A".repeat(22) };

test("an event of the feed is an entry with its own position, or not understood", () => {
  const event = { name: "entry", id: `7.${hash}`, data: JSON.stringify(entry) };
  assert.deepEqual(parseStreamedEntry(event), { entry, hash });
  for (const change of [
    { name: "message" },
    { name: "resync" },
    { id: "" },
    { id: "7" },
    { id: `8.${hash}` },
    { id: `07.${hash}` },
    { id: `7.${hash.slice(1)}B` },
    { data: "" },
    { data: "{" },
    { data: "null" },
    { data: JSON.stringify({ ...entry, kind: "novel" }) },
    { data: JSON.stringify({ ...entry, unit: "galaxy" }) },
    { data: JSON.stringify({ ...entry, fp: "short" }) },
  ])
    assert.equal(parseStreamedEntry({ ...event, ...change }), undefined, JSON.stringify(change));
});

test("a page ascends up to its head, or is not understood", () => {
  const page = { head: 9, hash, entries: [entry, { ...entry, seq: 9 }], more: false };
  assert.equal(parseFeedPage(page)?.entries.length, 2);
  for (const change of [
    { head: -1 },
    { head: 8 },
    { head: "9" },
    { head: 2 ** 53 },
    { hash: "short" },
    { hash: `${"A".repeat(42)}B` },
    { entries: {} },
    { entries: [entry, entry] },
    { entries: [{ ...entry, seq: 9 }, entry] },
    { entries: [entry, null] },
    { more: 0 },
    { more: undefined },
  ])
    assert.equal(parseFeedPage({ ...page, ...change }), undefined, JSON.stringify(change));
  for (const wire of [null, [], "page", 7]) assert.equal(parseFeedPage(wire), undefined);
});
