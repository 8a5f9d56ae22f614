// The log's own stream (text/event-stream): says that something was appended, within a moment of its commit. What it was is
// read by whoever shows it; a page without the stream still looks by itself.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useConnection } from "../session/client.ts";
import { issuer } from "../session/place.ts";

/** Milliseconds before a stream that ended is opened again. */
const againMs = 2000;
/** Milliseconds between two looks, however much is appended. */
const atMostEveryMs = 500;

/**
 * Has these queries look anew whenever the log grows beyond `after`, for as long as the component is there.
 * @param after the position to begin at; undefined: not known yet
 */
export function useLogStream(after: number | undefined, keys: readonly string[]): void {
  const { session } = useConnection();
  const queries = useQueryClient();
  // A browser has six connections to a server, for all its tabs: one that nobody sees keeps none.
  const isSeen = useSyncExternalStore(onVisibility, () => document.visibilityState === "visible");
  const isOpen = after !== undefined && isSeen;
  const names = keys.join(" ");
  // A stream begins at the newest position that is known; it is not opened anew for each that follows.
  const newest = useRef(after);
  useEffect(() => {
    newest.current = after;
  }, [after]);
  useEffect(() => {
    if (!isOpen) return undefined;
    const gone = new AbortController();
    let look: ReturnType<typeof setTimeout> | undefined;
    const grown = (): void => {
      look ??= setTimeout(() => {
        look = undefined;
        for (const name of names.split(" ")) void queries.invalidateQueries({ queryKey: [name] });
      }, atMostEveryMs);
    };
    void follow({ after: newest.current ?? 0, token: () => session.token(), signal: gone.signal, grown });
    return () => {
      gone.abort();
      clearTimeout(look);
    };
  }, [isOpen, names, queries, session]);
}

function onVisibility(changed: () => void): () => void {
  document.addEventListener("visibilitychange", changed);
  return () => document.removeEventListener("visibilitychange", changed);
}

interface Following {
  readonly after: number;
  readonly token: () => Promise<string>;
  readonly signal: AbortSignal;
  readonly grown: () => void;
}

async function follow({ after, token, signal, grown }: Following): Promise<void> {
  let last = String(after);
  while (!signal.aborted) {
    try {
      const response = await fetch(`${issuer}/admin/v1/feed?after=${encodeURIComponent(last)}`, {
        headers: { accept: "text/event-stream", authorization: `Bearer ${await token()}` },
        signal,
      });
      // The log has come back from a backup; the page, which looks by itself, begins anew when it is opened again.
      if (response.status === 410) return;
      if (response.ok && response.body !== null) last = (await read(response.body, grown)) ?? last;
    } catch {
      // Gone with the page, or the network is: the latter may come back.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

/** Reads to the end of the stream; the last position it told. */
async function read(body: ReadableStream<Uint8Array>, grown: () => void): Promise<string | undefined> {
  let last: string | undefined;
  let rest = "";
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const lines = (rest + decoder.decode(piece.value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      const ids = lines.filter((line) => line.startsWith("id:"));
      if (ids.length === 0) continue;
      last = ids.at(-1)?.slice(3).trim();
      grown();
    }
  } catch {
    // Cut: what was told so far counts.
  }
  return last;
}
