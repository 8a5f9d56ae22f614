// The upper limit: bare node:http that reads a small form and answers a small JSON object. No protocol, no store.

import { createServer } from "node:http";
import { limitAnswer } from "./contenders/limit-answer.ts";

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const isForm = Buffer.concat(chunks).toString("latin1").startsWith("grant_type=");
    response.writeHead(isForm ? 200 : 400, {
      "content-type": "application/json",
      "cache-control": "no-store",
      "content-length": limitAnswer.length,
    });
    response.end(limitAnswer);
  });
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") process.send?.({ port: address?.port });
});
process.on("disconnect", () => process.exit(0));
