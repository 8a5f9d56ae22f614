// What the feed reader is fed and what it orders: the whole of its contact with the outside.

import type { Position } from "@rescind/core";
import type { CheckedLink, Link } from "./chain.ts";
import type { FeedPage, StreamedEntry } from "./feed-page.ts";
import type { Lease } from "./freshness.ts";
import type { SnapshotSlice } from "./log-loading.ts";

/** What happened. `run` tells which loading or stream it belongs to; events of an earlier one change nothing. */
export type ReaderEvent =
  | { readonly kind: "start" }
  /** Some of the records of a snapshot, in their order; `snapshot-end` says that these were all. */
  | { readonly kind: "snapshot-records"; readonly run: number; readonly slice: SnapshotSlice }
  | { readonly kind: "snapshot-end"; readonly run: number; readonly position: Position }
  /** The server has none, or it was not understood. */
  | { readonly kind: "no-snapshot"; readonly run: number }
  /** Undefined: the page was not understood. */
  | { readonly kind: "page"; readonly run: number; readonly page: FeedPage | undefined }
  | { readonly kind: "load-failed"; readonly run: number }
  | { readonly kind: "stream-opened"; readonly run: number }
  /** Undefined stands for an event that was not understood. */
  | {
      readonly kind: "streamed";
      readonly run: number;
      readonly entries: readonly (StreamedEntry | undefined)[];
    }
  | { readonly kind: "checked"; readonly run: number; readonly links: readonly CheckedLink[] }
  | { readonly kind: "stream-ended"; readonly run: number }
  /** The server says that our position is not on its log (410). */
  | { readonly kind: "off-the-log"; readonly run: number }
  | { readonly kind: "leased"; readonly lease: number; readonly answer: Lease }
  | { readonly kind: "lease-failed"; readonly lease: number; readonly offTheLog: boolean }
  | { readonly kind: "lease-due"; readonly run: number }
  | { readonly kind: "load-due"; readonly run: number }
  | { readonly kind: "stream-due"; readonly run: number }
  | { readonly kind: "catch-up-due"; readonly run: number; readonly from: number };

/** What to do. Everything but `stop-stream` reports back by an event. */
export type ReaderAction =
  /** Fetch what stands at some position, as a whole. */
  | { readonly kind: "load-snapshot"; readonly run: number }
  /** Fetch a page: from the beginning of what is kept, or after a number. */
  | { readonly kind: "load-page"; readonly run: number; readonly after: number | undefined }
  /** `timeout`: milliseconds within which the server has to begin its answer. */
  | {
      readonly kind: "open-stream";
      readonly run: number;
      readonly after: Position;
      readonly timeout: number;
    }
  | { readonly kind: "stop-stream"; readonly run: number }
  | { readonly kind: "check-links"; readonly run: number; readonly links: readonly Link[] }
  | { readonly kind: "ask-lease"; readonly lease: number; readonly applied: Position }
  /** Feed `event` back after so many milliseconds. */
  | { readonly kind: "wake"; readonly after: number; readonly event: ReaderEvent };
