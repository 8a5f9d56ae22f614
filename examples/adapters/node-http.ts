// node:http: the listener is given the token.

import { createServer } from "node:http";
import { port, verifier } from "./verifier.ts";

const listener = verifier.node({ scope: "orders:read" }, (_request, response, token) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ subject: token.subject }));
});
createServer(listener).listen(port, "127.0.0.1");
