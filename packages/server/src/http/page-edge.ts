// Pages at the edge: query or form, cookies, and where a form was sent from. Refusals are pages too. What a browser
// may send from another site's page is said by the route (`openToOtherSites`), never assumed.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import { TooManyWaiting } from "../people/hashing-turns.ts";
import type { Answer, PageRequest } from "./answer.ts";
import { type ErrorForm, failure, otherMethods, send } from "./edge.ts";
import { pageForm } from "./for-people.ts";
import { readForm } from "./form.ts";
import type { PageHandler, PageRoute } from "./routes.ts";
import { dependenciesFor } from "./wait-edge.ts";

export function registerPageRoutes(
  app: FastifyInstance,
  routes: readonly PageRoute[],
  deps: Dependencies,
): void {
  const asPage = pageForm(deps);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error, request, reply) => send(reply, failed(error, request, asPage, deps)));
  for (const route of routes) {
    const { path, get, post } = route;
    if (get !== undefined)
      app.get(path, async (request, reply) => send(reply, await shown(get, request, deps)));
    if (post !== undefined)
      app.post(path, async (request, reply) => {
        const isAllowed = route.openToOtherSites === true || isSentFromHere(request, deps.issuer);
        return send(reply, isAllowed ? await shown(post, request, deps) : asPage(403, sentFromElsewhere));
      });
    const allowed = [...(get === undefined ? [] : ["GET", "HEAD"]), ...(post === undefined ? [] : ["POST"])];
    const allow = allowed.join(", ");
    app.route({
      method: otherMethods(allowed),
      url: path,
      handler: (_request, reply) =>
        send(reply, asPage(405, "This page cannot be asked for in that way.", { allow })),
    });
  }
}

const sentFromElsewhere =
  "This form was sent from another site's page, so nothing was done. Open the page here and try again.";

function shown(handle: PageHandler, request: FastifyRequest, deps: Dependencies): Promise<Answer> {
  const sent = request.method === "POST" ? request.body : queryOf(request.raw.url ?? "");
  const parameters = readForm(typeof sent === "string" ? sent : "");
  if ("kind" in parameters) return Promise.resolve(pageForm(deps)(400, parameters.description));
  const parsed: PageRequest = {
    id: request.id,
    method: request.method === "POST" ? "POST" : "GET",
    params: request.params as Record<string, string>, // Fastify's path parameters are texts
    parameters,
    cookies: readCookies(request.headers.cookie ?? ""),
    userAgent: request.headers["user-agent"]?.slice(0, 255),
    address: request.ip,
  };
  return handle(parsed, dependenciesFor(request, deps));
}

function queryOf(url: string): string {
  const question = url.indexOf("?");
  return question < 0 ? "" : url.slice(question + 1);
}

/** Of doubled names the first counts: browsers send the one with the longer path first, and ours have the root's. */
function readCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals).trim();
    if (equals > 0 && !cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}

/**
 * Whether a form was sent from a page of ours. Browsers say so in Sec-Fetch-Site; older ones and plain http off
 * loopback leave it to Origin, which every browser sends with a POST to another origin. Neither: no browser.
 */
export function isSentFromHere(request: Pick<FastifyRequest, "headers">, issuer: string): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const { origin } = request.headers;
  return origin === undefined || origin === new URL(issuer).origin;
}

function failed(error: unknown, request: FastifyRequest, form: ErrorForm, deps: Dependencies): Answer {
  if (error instanceof TooManyWaiting)
    return form(503, "Too many people are signing in right now. Please try again.");
  return failure(error, request, form, deps);
}
