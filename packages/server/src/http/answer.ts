// What handlers take and give: plain data. Fastify stays at the edge (routes.ts).

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object becomes JSON, a string or bytes go as they are. */
  readonly body?: object | string | Uint8Array;
  /** Instead of a body: texts or bytes that are sent as they come, at the pace of whoever reads. */
  readonly stream?: AsyncIterable<string | Uint8Array>;
  /** Values of `Set-Cookie`, one header each. */
  readonly cookies?: readonly string[];
}

/** A form-encoded request to an OAuth endpoint. */
export interface FormRequest {
  readonly id: string;
  /** Parameters without a value are left out (RFC 6749 section 3.1); none occurs twice. */
  readonly form: ReadonlyMap<string, string>;
  readonly authorization: string | undefined;
  readonly accept: string;
  readonly address: string;
  /** Headers that are one object for as long as they come over one connection, where the door tells. */
  readonly repeated?: object | undefined;
}

/** A request to a page, by a browser. */
export interface PageRequest {
  readonly id: string;
  readonly method: "GET" | "POST";
  /** Of the path, by name. */
  readonly params: Readonly<Record<string, string>>;
  /** Of the query of a GET and of the form of a POST; none occurs twice, those without a value are left out. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly cookies: ReadonlyMap<string, string>;
  readonly userAgent: string | undefined;
  readonly address: string;
}

export function ok(body: object | string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers, body };
}

/** On to another page: 303, so that a form's fields never travel on (THREATS AC-12), and without a referrer. */
export function seeOther(location: string, cookies: readonly string[] = []): Answer {
  const headers = { location, "cache-control": "no-store", "referrer-policy": "no-referrer" };
  return { status: 303, headers, cookies };
}

/** Never kept by caches: answers with tokens or verdicts (RFC 6749 section 5.1). */
export const noStore = { "cache-control": "no-store", pragma: "no-cache" } as const;
