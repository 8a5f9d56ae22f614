// /console/ and /account/: pages that run in the browser and call the public APIs. The document says where the issuer
// stands and carries a nonce for the styles its components add; scripts come from files only (THREATS section 7).

import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { otherMethods, send } from "../http/edge.ts";
import { problem } from "../http/respond.ts";
import { type Frame, frameOf } from "../pages/frame.ts";
import { escapeHtml } from "../pages/html.ts";
import { readSiteFiles, type SiteFile } from "./site-files.ts";

/** Each page with the document that answers below its path. */
const pages = { "/console": "console.html", "/account": "account.html" } as const;
const assets = "/console/assets";
/** The paths of a page's own API, which answer as an API does. */
const apiBelow = "v1/";

export function registerSite(
  app: FastifyInstance,
  deps: Pick<Dependencies, "configuration" | "issuer">,
): void {
  const files = readSiteFiles();
  const frame = frameOf(deps);
  const { root } = frame;
  for (const [path, name] of Object.entries(pages)) {
    const file = files.get(name);
    const document = file === undefined ? undefined : new TextDecoder().decode(file.bytes);
    app.get(path, (_request, reply) => send(reply, movedTo(`${root}${path}/`)));
    app.get(`${path}/*`, (request, reply) => {
      const below = (request.params as { "*": string })["*"]; // Fastify's name for what the asterisk matched
      if (below.startsWith(apiBelow)) return send(reply, nothingHere);
      return send(reply, document === undefined ? notBuilt : page(document, frame));
    });
    for (const url of [path, `${path}/*`])
      app.route({
        method: otherMethods(["GET", "HEAD"]),
        url,
        handler: (_request, reply) => send(reply, onlyGet),
      });
  }
  app.get(`${assets}/*`, async (request, reply) => {
    const file = files.get(`assets/${(request.params as { "*": string })["*"]}`); // as above
    return send(reply, file === undefined ? nothingHere : await asset(file, request));
  });
}

/** Named by their content, so they never change. */
async function asset({ type, bytes, etag, gzipped }: SiteFile, request: FastifyRequest): Promise<Answer> {
  const headers = {
    "content-type": type,
    "cache-control": "public, max-age=31536000, immutable",
    "cross-origin-resource-policy": "same-origin",
    vary: "Accept-Encoding",
    etag,
  };
  if (request.headers["if-none-match"] === etag) return { status: 304, headers };
  if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? ""))
    return { status: 200, headers, body: bytes };
  return { status: 200, headers: { ...headers, "content-encoding": "gzip" }, body: await gzipped() };
}

function page(document: string, { brand, root }: Frame): Answer {
  const nonce = randomBytes(16).toString("base64");
  const here = escapeHtml(root === "" ? "/" : root);
  const head = `<head>
    <base href="${escapeHtml(root)}/console/">
    <link rel="icon" href="${escapeHtml(root)}/brand/logo">
    <meta name="rescind-root" content="${here}">
    <meta name="rescind-brand" content="${escapeHtml(brand.name)}">
    <meta name="theme-color" content="${brand.color}">
    <meta property="csp-nonce" nonce="${nonce}">`;
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy(nonce),
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-store",
    },
    body: document.replace("<head>", () => head),
  };
}

function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function movedTo(location: string): Answer {
  return { status: 308, headers: { location, "cache-control": "public, max-age=300" } };
}

const nothingHere = problem({ status: 404, detail: "There is nothing here." });
const onlyGet = problem({ status: 405, detail: "Use GET.", headers: { allow: "GET, HEAD" } });
const notBuilt = problem({
  status: 404,
  detail: "The console's files were not built: run `npm run build`, or install the published package.",
});
