// OAuth endpoints at the edge: form bodies, method, content type and size, preflights. The plain POSTs among them come in
// by form-door.ts.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "./answer.ts";
import { preflightHeaders } from "./cors.ts";
import { failure, oauthForm, otherMethods, send } from "./edge.ts";
import { readForm } from "./form.ts";
import { answerForm, type FormMessage, handled } from "./form-answer.ts";
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
    const { byScript } = route;
    if (byScript !== undefined)
      // Without the HEAD that Fastify adds to every GET: this GET has an effect.
      app.route({
        method: "GET",
        url: route.path,
        exposeHeadRoute: false,
        handler: async (request, reply) => send(reply, await scriptAnswer(byScript, request, deps)),
      });
    app.post(route.path, async (request, reply) =>
      send(reply, await answerForm(route, messageOf(request), deps)),
    );
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

function messageOf(request: FastifyRequest): FormMessage {
  const { id, headers, body, ip } = request;
  return { id, headers, body: typeof body === "string" ? body : "", address: ip };
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
