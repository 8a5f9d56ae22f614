// What has no route, and failures, for who asks with a browser: a page instead of a problem document. RFC 9457 stays the
// answer to programs, which do not ask for HTML.

import type { FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import type { Answer } from "./answer.ts";
import { type ErrorForm, problemForm } from "./edge.ts";
import { problem } from "./respond.ts";
import { pageRoutes } from "./routes.ts";

type Parts = Pick<Dependencies, "configuration" | "issuer">;
type Asked = Pick<FastifyRequest, "headers" | "method" | "url">;

/** Whether a browser asks, to show what it gets: only those name HTML. */
function wantsPage({ method, headers }: Asked): boolean {
  return (method === "GET" || method === "HEAD") && /\btext\/html\b/i.test(headers.accept ?? "");
}

/** 404; from a page's path with a slash after it on to the page. */
export function notFound(request: Asked, deps: Parts): Answer {
  if (!wantsPage(request)) return problem({ status: 404, detail: "There is nothing here." });
  const frame = frameOf(deps);
  const [path = "", query] = request.url.split("?", 2);
  const page = pageRoutes.find((route) => route.get !== undefined && path === `${frame.root}${route.path}/`);
  if (page !== undefined) {
    const location = `${frame.root}${page.path}${query === undefined ? "" : `?${query}`}`;
    return { status: 308, headers: { location, "cache-control": "public, max-age=300" } };
  }
  const text = "The address may be mistyped, or what was here is gone. Nothing has been changed.";
  return errorPage({ status: 404, title: "There is no such page", text }, frame);
}

/** How failures are told to this one. */
export function errorFormFor(request: Asked, deps: Parts): ErrorForm {
  return wantsPage(request) ? pageForm(deps) : problemForm;
}

export function pageForm(deps: Parts): ErrorForm {
  return (status, detail, headers) => {
    const title = status >= 500 ? "Please try again" : "This request cannot be answered";
    const again: Record<string, string> = status === 503 ? { "retry-after": "1" } : {};
    return errorPage({ status, title, text: detail, headers: { ...again, ...headers } }, frameOf(deps));
  };
}
