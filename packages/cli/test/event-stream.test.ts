// The reader of event streams: however the bytes are cut, the same events come out.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readEvents, type StreamEvent } from "../src/event-stream.ts";

const seed = Number(process.env.RESCIND_TEST_SEED ?? 1);

const wire = [
  ": hello\n\n",
  'event: entry\nid: 1.abc\ndata: {"seq":1,"note":"ü"}\n\n',
  "retry: 1000\n\n",
  'event: entry\r\nid: 2.def\r\ndata: {"seq":2}\r\n\r\n',
  "data: a\ndata: b\n\n",
  "event: entry\ndata: cut off",
].join("");

test("events are the same wherever the bytes are cut, and one cut off by the end is dropped", async () => {
  const bytes = new TextEncoder().encode(wire);
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const ends = [...places.sort((a, b) => a - b), bytes.length];
      const chunks = ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
      const events: StreamEvent[] = [];
      for await (const event of readEvents(streamOf(chunks))) events.push(event);
      assert.deepEqual(events, [
        { event: "entry", id: "1.abc", data: '{"seq":1,"note":"ü"}' },
        { event: "entry", id: "2.def", data: '{"seq":2}' },
        { event: "message", id: undefined, data: "a\nb" },
      ]);
    }),
    { seed },
  );
});

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}
