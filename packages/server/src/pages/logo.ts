// /brand/logo: the operator's file, or the brand's initial on its colour. An SVG opened by itself may neither run nor
// load anything.

import type { Configuration } from "../configuration.ts";
import type { Answer } from "../http/answer.ts";
import { colorsOn } from "./brand.ts";
import { initialOf } from "./fields.ts";
import { html } from "./html.ts";

export function logo(deps: { readonly configuration: Pick<Configuration, "brand"> }): Answer {
  const { brand } = deps.configuration;
  const { type, bytes } = brand.logo ?? {
    type: "image/svg+xml",
    bytes: Buffer.from(mark(brand.name, brand.color)),
  };
  return {
    status: 200,
    headers: {
      "content-type": type,
      "cache-control": "public, max-age=300",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
      "cross-origin-resource-policy": "same-origin",
    },
    body: bytes,
  };
}

function mark(name: string, color: string): string {
  const { fill, onFill } = colorsOn(color, "#ffffff");
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72"><rect width="72" height="72" rx="18" fill="${fill}"/><text x="36" y="50" font-family="system-ui,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif" font-size="40" font-weight="700" text-anchor="middle" fill="${onFill}">${initialOf(name)}</text></svg>`
    .html;
}
