// The framework's limit: bare Fastify that reads a small form and answers a small JSON object, as http-process.ts.

import Fastify from "fastify";
import { limitAnswer } from "./contenders/limit-answer.ts";

const app = Fastify();
app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
  done(null, body),
);
app.post("/", (request, reply) => {
  const isForm = typeof request.body === "string" && request.body.startsWith("grant_type=");
  reply
    .code(isForm ? 200 : 400)
    .header("content-type", "application/json")
    .header("cache-control", "no-store");
  reply.send(limitAnswer);
});

const address = await app.listen({ port: 0, host: "127.0.0.1" });
process.send?.({ port: Number(new URL(address).port) });
process.on("disconnect", () => process.exit(0));
