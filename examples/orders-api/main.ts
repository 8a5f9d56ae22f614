// An API that accepts Rescind's access tokens: Express and @rescind/verifier. It checks every token by itself, without
// a network call, and refuses a revoked one as soon as the feed has told it. See README.md.

import { createVerifier, type ExpressRequest } from "@rescind/verifier";
import express, { type Request } from "express";
import { allOrders, place } from "./orders.ts";

const verifier = await createVerifier({
  issuer: setting("ISSUER"),
  audience: setting("AUDIENCE"),
  clientId: setting("CLIENT_ID"),
  clientSecret: setting("CLIENT_SECRET"),
  name: "orders-api",
});

const app = express();
app.disable("x-powered-by");

app.get("/orders", verifier.express({ scope: "orders:read" }), (_request, response) => {
  response.json(allOrders());
});

const mayWrite = verifier.express({ scope: "orders:write" });
app.post("/orders", mayWrite, express.json(), (request: Request & ExpressRequest, response) => {
  const item: unknown = request.body?.item;
  if (typeof item !== "string" || item === "" || item.length > 100) {
    response.status(400).json({ detail: "item must be a text of 1 to 100 characters" });
    return;
  }
  response.status(201).json(place(item, request.auth?.subject ?? ""));
});

/** Whether this API can decide by itself right now. */
app.get("/health", (_request, response) => {
  const { freshness, position } = verifier.status();
  response.status(freshness === "fresh" ? 200 : 503).json({ freshness, seq: position.seq });
});

const server = app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", (error) => {
  if (error !== undefined) throw error;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : process.env.PORT;
  console.log(JSON.stringify({ msg: "serving", url: `http://127.0.0.1:${port}` }));
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    server.close(async () => {
      await verifier.close();
    });
    server.closeIdleConnections();
  });
}

function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  console.error(`orders-api: set ${name}; README.md says what to`);
  process.exit(2);
}
