// Prometheus text as far as the overview reads it: sums over labels, and quantiles of histograms between two looks.

export interface Sample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Name and labels as they were written, and the value. */
  readonly series: ReadonlyMap<string, number>;
}

export function parseMetrics(text: string, atMs: number): Sample {
  const series = new Map<string, number>();
  for (const line of text.split("\n")) {
    const end = line.lastIndexOf(" ");
    if (line.startsWith("#") || end < 0) continue;
    const value = Number(line.slice(end + 1));
    if (Number.isFinite(value)) series.set(line.slice(0, end), value);
  }
  return { atMs, series };
}

/** The sum of a metric over all its labels, or over those that contain a text. */
export function sumOf({ series }: Sample, name: string, label = ""): number {
  let sum = 0;
  for (const [key, value] of series)
    if ((key === name || key.startsWith(`${name}{`)) && key.includes(label)) sum += value;
  return sum;
}

/** How much a counter has risen in a minute, going by two looks; a server that started anew counts from zero. */
export function perMinute(before: Sample, after: Sample, name: string, label = ""): number {
  const rise = sumOf(after, name, label) - sumOf(before, name, label);
  const minutes = (after.atMs - before.atMs) / 60_000;
  return minutes > 0 ? Math.max(0, rise) / minutes : 0;
}

/**
 * A quantile of what a histogram has counted between two looks: the upper end of the bucket it lies in, in the
 * histogram's own unit. Undefined where nothing was counted.
 */
export function quantile(
  before: Sample | undefined,
  after: Sample,
  name: string,
  share: number,
): number | undefined {
  const buckets = bucketsOf(after, name).map(([end, count]) => {
    const earlier = before === undefined ? 0 : sumOf(before, `${name}_bucket`, `le="${end}"`);
    return [end === "+Inf" ? Number.POSITIVE_INFINITY : Number(end), Math.max(0, count - earlier)] as const;
  });
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all === 0) return undefined;
  return buckets.find(([, count]) => count >= share * all)?.[0];
}

function bucketsOf({ series }: Sample, name: string): [string, number][] {
  const found = new Map<string, number>();
  for (const [key, value] of series) {
    const end = key.startsWith(`${name}_bucket{`) ? /le="([^"]+)"/.exec(key)?.[1] : undefined;
    if (end !== undefined) found.set(end, (found.get(end) ?? 0) + value);
  }
  const size = (end: string): number => (end === "+Inf" ? Number.POSITIVE_INFINITY : Number(end));
  return [...found].sort(([a], [b]) => size(a) - size(b));
}
