// An API as each runtime serves it: the verifier's built package and its adapter for fetch handlers, nothing else.

import { createVerifier } from "@rescind/verifier";

export interface ApiSettings {
  readonly ISSUER: string;
  /** By commas. */
  readonly AUDIENCE: string;
  readonly CLIENT_ID: string;
  readonly CLIENT_SECRET: string;
}

/** Starts the verifier; what comes back answers `/status` to anybody and everything else to tokens with `orders:read`. */
export async function startApi(settings: ApiSettings): Promise<(request: Request) => Promise<Response>> {
  const verifier = await createVerifier({
    issuer: settings.ISSUER,
    audience: settings.AUDIENCE.split(","),
    clientId: settings.CLIENT_ID,
    clientSecret: settings.CLIENT_SECRET,
    maxStaleness: 3,
  });
  const orders = verifier.fetchHandler({ scope: "orders:read" }, (_request, token) =>
    Response.json({ subject: token.subject }),
  );
  return async (request) =>
    new URL(request.url).pathname === "/status" ? Response.json(verifier.status()) : orders(request);
}
