// Where this page stands: below an issuer, which the server writes into the page.

/** The issuer's URL without a slash at its end. */
export const issuer = new URL(metaContent("rescind-root") ?? "/", location.origin).href.replace(/\/$/, "");

/** The issuer's path without a slash at its end. */
export const rootPath = new URL(issuer).pathname.replace(/\/$/, "");

/** The operator's name and colour (`#rrggbb`). */
export const brandName = metaContent("rescind-brand") ?? "Rescind";
export const brandColor = metaContent("theme-color") ?? "#3b4cca";

/** For the styles that components add while they run; the policy allows no others. */
export const styleNonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";

// By this name the dialogs' scroll lock finds the nonce of the style that it adds.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });

function metaContent(name: string): string | undefined {
  return document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content;
}
