// Reports of leaked tokens at the edge: a JSON document from anybody. Browser apps may send one from an origin that any
// client has, since no client is named.

import type { FastifyInstance, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import type { Dependencies } from "../dependencies.ts";
import { reportLeaked } from "../endpoints/leaked-tokens.ts";
import type { Answer } from "./answer.ts";
import { anyClientHeaders, preflightHeaders } from "./cors.ts";
import { failure, otherMethods, problemForm, send } from "./edge.ts";
import { acceptJson, checkedBody } from "./json-body.ts";
import { problem } from "./respond.ts";
import { bodyCheck } from "./validation.ts";

const body = Type.Object(
  {
    tokens: Type.Array(Type.String(), {
      minItems: 1,
      maxItems: 1000,
      description: "The texts, whatever they may be.",
    }),
  },
  { additionalProperties: false },
);

export const leakReportRoute = {
  path: "/leaked-tokens",
  summary: "Report leaked tokens; possession is the proof",
  body,
};

const { path } = leakReportRoute;
const methods = ["POST", "OPTIONS"];
/** Bytes: a thousand tokens of the longest kind are more, but nobody has a thousand of these. */
const bodyLimit = 2 * 1024 * 1024;

export function registerLeakReports(app: FastifyInstance, deps: Dependencies): void {
  const check = bodyCheck(body);
  acceptJson(app);
  app.setErrorHandler(async (error, request, reply) =>
    send(reply, await withCors(failure(error, request, problemForm, deps), request, deps)),
  );
  app.post(path, { bodyLimit }, async (request, reply) => {
    const checked = checkedBody(request.body, check);
    if ("refused" in checked) return send(reply, await withCors(checked.refused, request, deps));
    const { tokens } = checked.value as Static<typeof body>; // checked against the schema
    const answer = await reportLeaked({ tokens, address: request.ip }, deps);
    return send(reply, await withCors(answer, request, deps));
  });
  app.options(path, async (request, reply) =>
    send(reply, { status: 204, headers: await preflightHeaders(request.headers.origin, methods, deps) }),
  );
  app.route({
    method: otherMethods(methods),
    url: path,
    handler: (_request, reply) =>
      send(reply, problem({ status: 405, detail: "Use POST.", headers: { allow: methods.join(", ") } })),
  });
}

async function withCors(answer: Answer, request: FastifyRequest, deps: Dependencies): Promise<Answer> {
  const { origin } = request.headers;
  if (origin === undefined) return answer;
  const cors = await anyClientHeaders(origin, deps).catch(() => ({ vary: "Origin" }));
  return { ...answer, headers: { ...answer.headers, ...cors } };
}
