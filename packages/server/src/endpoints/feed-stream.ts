// The log as text/event-stream: what the subscriber misses, then every entry as it is committed. CONTRACT.md section 6.

import type { ServerResponse } from "node:http";
import type { Dependencies } from "../dependencies.ts";
import { eventText } from "../feed/stream.ts";
import { subscriber } from "../feed/subscriber.ts";
import type { Answer } from "../http/answer.ts";
import { problem } from "../http/respond.ts";
import { type Bearer, isStillLive } from "../tokens/bearer.ts";
import { pageAfter } from "./feed.ts";

/** Entries read at once for one that catches up; the next are read when it has taken them. */
const pageSize = 1000;

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
  if (deps.stream.isFull)
    return problem({ status: 503, detail: "Too many subscribers at this server: try again later." });
  let page = await pageAfter(after, pageSize, deps);
  if ("status" in page) return page;
  const one = subscriber(open(), caller.token);
  let sentUpTo = page.from.seq;
  for (;;) {
    one.send(eventText(page.entries));
    sentUpTo = page.entries.at(-1)?.seq ?? Math.max(sentUpTo, page.more ? sentUpTo : page.head.position.seq);
    if (!page.more && sentUpTo >= deps.standing.seq) break;
    await one.readable();
    if (!one.isOpen) return "opened";
    const next = await pageAfter(String(sentUpTo), pageSize, deps);
    if ("status" in next || !isStillLive(caller.token, deps, deps.now() / 1000)) {
      one.end();
      return "opened";
    }
    page = next;
  }
  deps.stream.add(one, sentUpTo);
  return "opened";
}
