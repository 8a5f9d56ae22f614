// Requests of our own beside the admin API's client: a failure names the server, a body is read with suspicion.

import { unavailable } from "./failure.ts";

/** `fetch` whose failures say which server could not be reached. */
export function fetchFrom(server: string): typeof fetch {
  return async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (cause) {
      if (init?.signal?.aborted === true) throw cause;
      const reason =
        cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw unavailable(`cannot reach ${server}: ${reason}`, cause);
    }
  };
}

/** The same, given up after so many milliseconds. */
export function fetchWithin(server: string, milliseconds: number): typeof fetch {
  return async (input, init) => {
    const signal = AbortSignal.timeout(milliseconds);
    try {
      return await fetchFrom(server)(input, { ...init, signal });
    } catch (cause) {
      if (!signal.aborted) throw cause;
      throw unavailable(`${server} did not answer within ${milliseconds / 1000} s`, cause);
    }
  };
}

/** The body as a JSON object; an empty one where it is something else, as proxies send. */
export async function jsonObject(response: Response): Promise<Record<string, unknown>> {
  try {
    const parsed: unknown = await response.json();
    // A parsing boundary: members stay `unknown` and are looked at one by one.
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
