// The API on Cloudflare Workers. The verifier lives in a Durable Object: what a request of a plain Worker has opened ends
// with that request, and the feed's stream is to outlive every request.

import { type ApiSettings, startApi } from "./api.ts";

export class Verifying {
  readonly #handle: Promise<(request: Request) => Promise<Response>>;

  constructor(_state: unknown, settings: ApiSettings) {
    this.#handle = startApi(settings);
  }

  async fetch(request: Request): Promise<Response> {
    return (await this.#handle)(request);
  }
}

interface Bindings {
  readonly VERIFYING: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

// biome-ignore lint/style/noDefaultExport: Workers are found by it
export default {
  fetch: (request: Request, { VERIFYING }: Bindings): Promise<Response> =>
    VERIFYING.get(VERIFYING.idFromName("one")).fetch(request),
};
