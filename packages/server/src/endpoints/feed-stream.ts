// The log as text/event-stream: what the subscriber misses, then every entry as it is committed. CONTRACT.md section 6.

import type { ServerResponse } from "node:http";
import type { Dependencies } from "../dependencies.ts";
import { eventText } from "../feed/stream.ts";
import type { Answer } from "../http/answer.ts";
import type { Bearer } from "../tokens/bearer.ts";
import { pageAfter } from "./feed.ts";

const pageSize = 10_000;

/**
 * Starts a stream after a position (`after`, or `Last-Event-ID`, which wins), or answers why not. `open` takes the
 * response over; nothing may be answered after it.
 */
export async function feedStreamFrom(
  after: string | undefined,
  caller: Bearer,
  open: () => ServerResponse,
  deps: Dependencies,
): Promise<Answer | "opened"> {
  let page = await pageAfter(after, pageSize, deps);
  if ("status" in page) return page;
  const response = open();
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  response.write("retry: 500\n\n");
  let sentUpTo = page.from.seq;
  for (;;) {
    response.write(eventText(page.entries));
    sentUpTo = page.entries.at(-1)?.seq ?? Math.max(sentUpTo, page.more ? sentUpTo : page.head.position.seq);
    if (!page.more && sentUpTo >= deps.standing.seq) break;
    const next = await pageAfter(String(sentUpTo), pageSize, deps);
    if ("status" in next) {
      response.destroy();
      return "opened";
    }
    page = next;
  }
  deps.stream.add({ response, token: caller.token, sentUpTo });
  return "opened";
}
