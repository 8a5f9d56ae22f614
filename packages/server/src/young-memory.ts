// The memory of a busy server. On a machine with much of it V8 lets the space for young objects grow to 128 MB, most of
// which holds garbage of requests answered long ago; with a quarter it is looked through more often, at little cost. Only
// Node's own command line sets that limit, which whoever starts us would have to know of; so the space is kept from
// growing once it is large enough. Changes no limit of the heap as a whole.

import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Bytes of both halves. */
const enough = 32 * 1024 * 1024;
/** Milliseconds between looks; it grows by doubling, under load only. */
const lookMs = 100;

/** Begins to look; ends by itself. */
export function boundYoungMemory(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    if (young !== undefined && young.space_size < enough) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    clearInterval(timer);
  }, lookMs).unref();
}
