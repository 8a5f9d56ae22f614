// What handlers take and give: plain data. Fastify stays at the edge (routes.ts).

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object becomes JSON, a string goes as it is. */
  readonly body?: object | string;
}

/** A form-encoded request to an OAuth endpoint. */
export interface FormRequest {
  readonly id: string;
  /** Parameters without a value are left out (RFC 6749 section 3.1); none occurs twice. */
  readonly form: ReadonlyMap<string, string>;
  readonly authorization: string | undefined;
  readonly accept: string;
  readonly address: string;
}

export function ok(body: object | string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers, body };
}

/** Never kept by caches: answers with tokens or verdicts (RFC 6749 section 5.1). */
export const noStore = { "cache-control": "no-store", pragma: "no-cache" } as const;
