// What surrounds every page: document, brand, style, and the headers that keep it from being framed, cached or changed
// (THREATS AC-13, AC-15). No `form-action`: browsers apply it to the redirects after a form too, and those end at the
// client (DESIGN.md section 6).

import { createHash } from "node:crypto";
import type { Configuration } from "../configuration.ts";
import type { Answer } from "../http/answer.ts";
import type { Brand } from "./brand.ts";
import { escapeHtml, type Html, html } from "./html.ts";
import { styleOf } from "./style.ts";

export interface Frame {
  readonly brand: Brand;
  /** The issuer's path, without a slash at its end. */
  readonly root: string;
  /** The issuer's host, for the reader to compare. */
  readonly host: string;
  /** Scheme, host and port of the issuer. */
  readonly origin: string;
}

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly cookies?: readonly string[] | undefined;
  /** Replaces the brand's line above the body. */
  readonly top?: Html | undefined;
  /** The one script a page may have, as source text without any value in it. */
  readonly script?: string | undefined;
  /** Or a file with it: a path of ours below the root. */
  readonly scriptFile?: string | undefined;
}

export function frameOf(deps: {
  readonly configuration: Pick<Configuration, "brand">;
  readonly issuer: string;
}): Frame {
  const { pathname, host, origin } = new URL(deps.issuer);
  return { brand: deps.configuration.brand, root: pathname.replace(/\/$/, ""), host, origin };
}

/** The page with everything around it. */
export function framed(page: Page, frame: Frame): Answer {
  const style = styleOf(frame.brand);
  return {
    status: page.status ?? 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy(style.source, scriptSource(page, frame)),
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "cache-control": "no-store",
      ...page.headers,
    },
    ...(page.cookies === undefined ? {} : { cookies: page.cookies }),
    body: documentText(page, frame, style.css),
  };
}

function documentText(page: Page, frame: Frame, css: string): string {
  const { brand, root, host } = frame;
  const logo = `${root}/brand/logo`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(page.title)} – ${escapeHtml(brand.name)}</title>
<link rel="icon" href="${escapeHtml(logo)}">
<style>${css}</style>
</head>
<body>
<main>
${(page.top ?? brandLine(frame)).html}
${page.body.html}
</main>
<footer>${escapeHtml(host)}</footer>
${page.script === undefined ? "" : `<script>${page.script}</script>`}${page.scriptFile === undefined ? "" : `<script src="${escapeHtml(root + page.scriptFile)}" defer></script>`}
</body>
</html>
`;
}

/** An operator's logo speaks for itself; without one the name stands beside its initial. */
function brandLine({ brand, root }: Frame): Html {
  return brand.logo === undefined
    ? html`<div class="brand"><img class="mark" src="${root}/brand/logo" alt="" width="36" height="36"> ${brand.name}</div>`
    : html`<div class="brand"><img src="${root}/brand/logo" alt="${brand.name}" height="36"></div>`;
}

/** Its hash, or its one address: nothing else runs. */
function scriptSource({ script, scriptFile }: Page, { origin, root }: Frame): string | undefined {
  if (script !== undefined) return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
  return scriptFile === undefined ? undefined : origin + root + scriptFile;
}

function policy(style: string, script: string | undefined): string {
  const scripts = script === undefined ? "" : `; script-src ${script}`;
  return `default-src 'none'; style-src ${style}${scripts}; img-src 'self'; frame-ancestors 'none'; base-uri 'none'`;
}
