// How requests get to the authorization server: by the runtime's `fetch`, and for what a verifier does all day (reading the
// live stream, asking for leases) by Node's own client where there is one. Never follows redirects.

import { nativeHttp } from "./native-http.ts";

/** What is asked, in the words of `fetch`. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/** Asks once; `fetch` is one. Rejects where no answer comes. */
export type Ask = (url: string, request: HttpRequest) => Promise<HttpAnswer>;

export interface HttpAnswer {
  readonly status: number;
  text(): Promise<string>;
}

/** An answer that goes on for as long as the request's signal lets it. */
export interface OpenAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Hands over each piece of the body, the next once what that returned is settled. Resolves at the end, rejects where the connection breaks. */
  read(take: (piece: Uint8Array) => Promise<unknown> | undefined): Promise<void>;
}

export interface HttpClient {
  readonly ask: Ask;
  open(url: string, request: HttpRequest): Promise<OpenAnswer>;
}

/** Milliseconds in which Node's own client has to reach what `fetch` reaches. */
const probeTimeout = 1000;

/**
 * Node's own client if it gets an answer from `url`, else `fetch`: what lies in between may be known to `fetch` alone, as a
 * dispatcher or a mock is.
 */
export async function clientFor(url: string, fetchWith: typeof fetch): Promise<HttpClient> {
  if (nativeHttp === undefined) return fetchClient(fetchWith);
  const signal = AbortSignal.timeout(probeTimeout);
  try {
    const { status, text } = await nativeHttp.ask(url, {
      method: "GET",
      headers: {},
      redirect: "manual",
      signal,
    });
    await text();
    return status === 200 ? nativeHttp : fetchClient(fetchWith);
  } catch {
    return fetchClient(fetchWith);
  }
}

/** By `fetch` alone. */
export function fetchClient(fetchWith: typeof fetch): HttpClient {
  return {
    ask: fetchWith,
    async open(url, request) {
      const { status, headers, body } = await fetchWith(url, request);
      return {
        status,
        contentType: headers.get("content-type") ?? undefined,
        async read(take) {
          const reader = body?.getReader();
          for (;;) {
            const piece = await reader?.read();
            if (piece?.value === undefined) return;
            await take(piece.value);
          }
        },
      };
    },
  };
}
