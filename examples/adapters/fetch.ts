// A fetch handler, as Workers, Deno, Bun and Next.js routes have them; here behind node:http.

import { serve } from "@hono/node-server";
import { port, verifier } from "./verifier.ts";

const handler = verifier.fetchHandler({ scope: "orders:read" }, (_request, token) =>
  Response.json({ subject: token.subject }),
);
serve({ fetch: (request) => handler(request), port, hostname: "127.0.0.1" });
