// Userinfo at the edge: GET and POST alike, whatever the body, since the token comes in the header (RFC 6750 section
// 2.1); CORS for the token's client.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import { userinfo } from "../endpoints/userinfo.ts";
import type { Answer } from "./answer.ts";
import { preflightHeaders } from "./cors.ts";
import { failure, oauthForm, otherMethods, send } from "./edge.ts";
import { oauthHttpError } from "./respond.ts";

export const userinfoRoute = {
  path: "/oauth2/userinfo",
  summary: "Who has signed in (OpenID Connect Core 5.3)",
};

const { path } = userinfoRoute;
const methods = ["GET", "HEAD", "POST", "OPTIONS"];

export function registerUserinfo(app: FastifyInstance, deps: Dependencies): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, _body, done) => done(null));
  app.setErrorHandler((error, request, reply) => send(reply, failure(error, request, oauthForm, deps)));
  app.route({
    method: ["GET", "POST"],
    url: path,
    handler: async (request, reply) => send(reply, await answer(request, deps)),
  });
  app.options(path, async (request, reply) =>
    send(reply, { status: 204, headers: await preflightHeaders(request.headers.origin, methods, deps) }),
  );
  app.route({
    method: otherMethods(methods),
    url: path,
    handler: (_request, reply) =>
      send(reply, oauthHttpError(405, "Use GET or POST.", { allow: methods.join(", ") })),
  });
}

function answer(request: FastifyRequest, deps: Dependencies): Promise<Answer> {
  const { authorization, origin } = request.headers;
  return userinfo({ authorization, origin }, deps);
}
