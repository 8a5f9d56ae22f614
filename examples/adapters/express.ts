// Express 5: `req.auth` is the token.

import type { ExpressRequest } from "@rescind/verifier";
import express, { type Request } from "express";
import { port, verifier } from "./verifier.ts";

const app = express();
app.get(
  "/orders",
  verifier.express({ scope: "orders:read" }),
  (request: Request & ExpressRequest, response) => {
    response.json({ subject: request.auth?.subject });
  },
);
app.listen(port, "127.0.0.1");
