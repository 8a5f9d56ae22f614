// OAuth endpoints at the edge: form bodies, method, content type and size, CORS, then the handler.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "./answer.ts";
import { answerHeaders, preflightHeaders } from "./cors.ts";
import { failure, oauthForm, otherMethods, send } from "./edge.ts";
import { readForm } from "./form.ts";
import { oauthHttpError, oauthRefusal } from "./respond.ts";
import type { FormRoute } from "./routes.ts";

const methods = ["POST", "OPTIONS"];

export function registerFormRoutes(
  app: FastifyInstance,
  routes: readonly FormRoute[],
  deps: Dependencies,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error, request, reply) => send(reply, failure(error, request, oauthForm, deps)));
  for (const route of routes) {
    app.post(route.path, async (request, reply) => send(reply, await answer(route, request, deps)));
    app.options(route.path, async (request, reply) =>
      send(reply, { status: 204, headers: await preflightHeaders(request.headers.origin, methods, deps) }),
    );
    app.route({
      method: otherMethods(methods),
      url: route.path,
      handler: (_request, reply) =>
        send(reply, oauthHttpError(405, "Use POST.", { allow: methods.join(", ") })),
    });
  }
}

async function answer(route: FormRoute, request: FastifyRequest, deps: Dependencies): Promise<Answer> {
  const form = readForm(typeof request.body === "string" ? request.body : "");
  if ("kind" in form) return oauthRefusal(form);
  const { authorization, accept = "", origin } = request.headers;
  const parsed: FormRequest = { id: request.id, form, authorization, accept, address: request.ip };
  const answered = await handled(route, parsed, request, deps);
  if (origin === undefined) return answered;
  const cors = await answerHeaders(origin, parsed, await deps.store.head(), deps).catch(() => ({
    vary: "Origin",
  }));
  return { ...answered, headers: { ...answered.headers, ...cors } };
}

/** Failures are answered here, so that they get their CORS headers too. */
async function handled(
  route: FormRoute,
  parsed: FormRequest,
  request: FastifyRequest,
  deps: Dependencies,
): Promise<Answer> {
  try {
    return await route.handle(parsed, deps);
  } catch (error) {
    return failure(error, request, oauthForm, deps);
  }
}
