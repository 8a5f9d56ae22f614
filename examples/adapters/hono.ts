// Hono: `c.get("auth")` is the token.

import { serve } from "@hono/node-server";
import type { VerifiedToken } from "@rescind/verifier";
import { Hono } from "hono";
import { port, verifier } from "./verifier.ts";

const app = new Hono<{ Variables: { auth: VerifiedToken } }>();
app.use(verifier.hono({ scope: "orders:read" }));
app.get("/orders", (context) => context.json({ subject: context.get("auth").subject }));
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
