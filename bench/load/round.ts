// What the benchmark and its load process say to each other: plain data over the process's message channel.

/** One kind of request and what it must be answered with. */
export interface Exchange {
  /** Connections are spread over them in turn. */
  readonly ports: readonly number[];
  readonly path: string;
  /** The Authorization header's value. */
  readonly authorization: string;
  readonly contentType: string;
  /** What stands in the body before and after the token of the request, if it takes one. */
  readonly body: { readonly before: string; readonly after: string };
  readonly status: number;
  /** Members every answer must have and their kind; checked in one answer of 64, the status in each. */
  readonly members: Readonly<Record<string, "text" | "number" | "true">>;
}

/** `requests` exchanges over keep-alive connections, each with one request at a time. */
export interface Round {
  readonly exchange: Exchange;
  readonly connections: number;
  readonly requests: number;
  /**
   * Requests a second that are due whatever was answered (open loop): each is timed from when it was due, so that those
   * which had to wait for a slow one before them count as slow. Without it each connection sends when it was answered.
   */
  readonly rate?: number | undefined;
  /** The queue each request takes its token from; `keep` puts it back at the end, so that it never runs dry. */
  readonly take?: { readonly queue: string; readonly keep: boolean } | undefined;
  /** The member of each answer that is put at the end of a queue. */
  readonly give?: { readonly queue: string; readonly member: string } | undefined;
}

export interface RoundResult {
  readonly requests: number;
  /** From the first request sent to the last answer read. */
  readonly seconds: number;
  /** Milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly longest: number };
  /** Share of the time for which the load process was on its core. */
  readonly busy: number;
  /** Answers that were not as they must be, and the first of them in words. */
  readonly failures: number;
  readonly failed: readonly string[];
  /** Answers whose body was parsed and checked. */
  readonly checked: number;
  /** Some of the tokens taken and some of the answers' bodies, spread over the round. */
  readonly samples: { readonly taken: readonly string[]; readonly bodies: readonly string[] };
}

export type Command =
  | { readonly id: number; readonly kind: "round"; readonly round: Round }
  | {
      readonly id: number;
      readonly kind: "fill";
      readonly queue: string;
      readonly tokens: readonly string[];
    };

export type Reply =
  | { readonly id: number; readonly kind: "done"; readonly result: RoundResult | undefined }
  | { readonly id: number; readonly kind: "failed"; readonly message: string };
