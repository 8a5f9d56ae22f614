// The last ten minutes of this node's metrics, looked at every few seconds while somebody watches, and when the log grows.

import { useQuery } from "@tanstack/react-query";
import { useConnection } from "../session/client.ts";
import { issuer } from "../session/place.ts";
import { parseMetrics, type Sample } from "./metrics-text.ts";

/** Milliseconds. */
const lookMs = 2000;
const keptMs = 600_000;

/** Kept while the page is open, whichever of its pages is shown. */
let kept: readonly Sample[] = [];

export function useSamples() {
  const { session } = useConnection();
  return useQuery({
    queryKey: ["metrics"],
    refetchInterval: lookMs,
    queryFn: async ({ signal }): Promise<readonly Sample[]> => {
      const response = await fetch(`${issuer}/metrics`, {
        headers: { authorization: `Bearer ${await session.token()}` },
        signal,
      });
      if (!response.ok) throw new Error(`The metrics answered ${response.status}.`);
      const sample = parseMetrics(await response.text(), Date.now());
      kept = [...kept.filter(({ atMs }) => atMs > sample.atMs - keptMs), sample];
      return kept;
    },
  });
}
