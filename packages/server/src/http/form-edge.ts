// OAuth endpoints at the edge: form bodies, method, content type and size, CORS, then the handler.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "./answer.ts";
import { answerHeaders, preflightHeaders } from "./cors.ts";
import { failure, oauthForm, otherMethods, send } from "./edge.ts";
import { readForm } from "./form.ts";
import { oauthHttpError, oauthRefusal } from "./respond.ts";
import type { FormRoute } from "./routes.ts";
import { dependenciesFor } from "./wait-edge.ts";

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
    const { byScript } = route;
    if (byScript !== undefined)
      // Without the HEAD that Fastify adds to every GET: this GET has an effect.
      app.route({
        method: "GET",
        url: route.path,
        exposeHeadRoute: false,
        handler: async (request, reply) => send(reply, await scriptAnswer(byScript, request, deps)),
      });
    app.post(route.path, async (request, reply) => send(reply, await answer(route, request, deps)));
    app.options(route.path, async (request, reply) =>
      send(reply, { status: 204, headers: await preflightHeaders(request.headers.origin, methods, deps) }),
    );
    app.route({
      method: otherMethods(byScript === undefined ? methods : [...methods, "GET"]),
      url: route.path,
      handler: (_request, reply) => send(reply, usePost()),
    });
  }
}

async function answer(route: FormRoute, request: FastifyRequest, deps: Dependencies): Promise<Answer> {
  const form = readForm(typeof request.body === "string" ? request.body : "");
  if ("kind" in form) return oauthRefusal(form);
  const { authorization, accept = "", origin } = request.headers;
  const parsed: FormRequest = { id: request.id, form, authorization, accept, address: request.ip };
  const answered = await handled(route.handle, parsed, request, deps);
  if (origin === undefined) return answered;
  const cors = await deps.store
    .head()
    .then((head) => answerHeaders(origin, parsed, head, deps))
    .catch(() => ({ vary: "Origin" }));
  return { ...answered, headers: { ...answered.headers, ...cors } };
}

function usePost(): Answer {
  return oauthHttpError(405, "Use POST.", { allow: methods.join(", ") });
}

/** What a GET gets: a script where the client may ask by one, else no more than the method's refusal. */
async function scriptAnswer(
  byScript: NonNullable<FormRoute["byScript"]>,
  request: FastifyRequest,
  deps: Dependencies,
): Promise<Answer> {
  const url = request.raw.url ?? "";
  const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
  if (!new URLSearchParams(query).has("callback")) return usePost();
  const form = readForm(query);
  if ("kind" in form) return oauthRefusal(form);
  const { authorization, accept = "" } = request.headers;
  const parsed: FormRequest = { id: request.id, form, authorization, accept, address: request.ip };
  return (await handled(byScript, parsed, request, deps)) ?? usePost();
}

/** Failures are answered here, so that they get their CORS headers too. */
async function handled<Answered>(
  handle: (request: FormRequest, deps: Dependencies) => Promise<Answered>,
  parsed: FormRequest,
  request: FastifyRequest,
  deps: Dependencies,
): Promise<Answered | Answer> {
  try {
    return await handle(parsed, dependenciesFor(request, deps));
  } catch (error) {
    return failure(error, request, oauthForm, deps);
  }
}
