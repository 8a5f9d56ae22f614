// The time to answer, by route and status, as a Prometheus histogram. It is counted here and handed out by prom-client's
// histogram, which puts an observation's labels together each time: most of a microsecond of every request.

import { Histogram, type Registry } from "prom-client";

const name = "rescind_http_request_duration_seconds";
/** Seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

interface Times {
  /** Of answers up to each bound and above the one before; what is above all of them at the end. */
  readonly counts: number[];
  sum: number;
}

/** Registers it; returns how an answer is noted. `seconds` are from the request's arrival. */
export function answerTimes(registry: Registry): (route: string, status: number, seconds: number) => void {
  const byRoute = new Map<string, Map<number, Times>>();
  const histogram = new Histogram({
    name,
    help: "Time to answer, by route and status",
    labelNames: ["route", "status"],
    buckets: bounds,
    registers: [registry],
  });
  const described = histogram.get();
  const get: typeof histogram.get = async () => ({
    ...(await described),
    values: [...byRoute].flatMap(([route, byStatus]) =>
      [...byStatus].flatMap(([status, times]) => valuesOf({ route, status: String(status) }, times)),
    ),
  });
  // A registry asks by the second name for its text and by the first for everything else.
  Object.assign(histogram, { get, getForPromString: get });
  return (route, status, seconds) => {
    const times = byRoute.get(route)?.get(status) ?? begun(byRoute, route, status);
    let at = 0;
    while (seconds > (bounds[at] ?? Number.POSITIVE_INFINITY)) at++;
    times.counts[at] = (times.counts[at] ?? 0) + 1;
    times.sum += seconds;
  };
}

function begun(byRoute: Map<string, Map<number, Times>>, route: string, status: number): Times {
  const byStatus = byRoute.get(route) ?? new Map<number, Times>();
  byRoute.set(route, byStatus);
  const times: Times = { counts: Array(bounds.length + 1).fill(0), sum: 0 };
  byStatus.set(status, times);
  return times;
}

function valuesOf(labels: { readonly route: string; readonly status: string }, { counts, sum }: Times) {
  let count = 0;
  const buckets = counts.map((more, at) => {
    count += more;
    return { metricName: `${name}_bucket`, labels: { le: bounds[at] ?? "+Inf", ...labels }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
