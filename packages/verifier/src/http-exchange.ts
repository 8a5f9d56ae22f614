// One request to the authorization server and its answer, within a time. Redirects are never followed: whoever
// answers one would be handed credentials. Leaves retries to the callers.

import type { Ask } from "./http-client.ts";
import { parseJson } from "./json.ts";

/** The server could not be reached, did not answer in time, or answered something that is no answer. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  /** The status it answered; undefined if it did not. */
  readonly status: number | undefined;

  constructor(message: string, details?: { status?: number | undefined; cause?: unknown }) {
    super(message, details?.cause === undefined ? undefined : { cause: details.cause });
    this.status = details?.status;
  }
}

export type Fetch = typeof fetch;

export interface Exchange {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent by POST; without a body it is a GET. */
  readonly body?: string | undefined;
  /** Milliseconds until the whole answer has to be here. */
  readonly timeout: number;
  /** Ends the exchange early. */
  readonly signal?: AbortSignal | undefined;
}

export interface JsonAnswer {
  readonly status: number;
  /** Undefined if the body is not JSON. */
  readonly body: unknown;
}

/**
 * Sends a request and reads its answer as JSON, whatever its status.
 * @throws Unanswered when no answer arrives within `timeout`
 */
export async function exchangeJson(ask: Ask, exchange: Exchange): Promise<JsonAnswer> {
  const { url, headers, body, timeout, signal } = exchange;
  // One controller per exchange: signals joined to a long-lived one would add up over the months.
  const abort = new AbortController();
  const end = () => abort.abort();
  const late = setTimeout(end, timeout);
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted === true) end();
  try {
    const response = await ask(url, {
      method: body === undefined ? "GET" : "POST",
      headers: { accept: "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
      redirect: "manual",
      signal: abort.signal,
    });
    const text = await response.text();
    return { status: response.status, body: parseJson(text) };
  } catch (cause) {
    throw new Unanswered(`${new URL(url).origin} did not answer`, { cause });
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", end);
  }
}
