// URLs that somebody registers and the server asks: the keys of clients and issuers, webhooks. Pure: that a name leads to
// no private address is checked when it is connected to (http/outside-fetch.ts).

import type { FieldError } from "@rescind/admin-api";
import { isPrivateAddress } from "../http/outside-fetch.ts";

/** What is wrong with it as it stands: no URL, user information, http, or a private address. */
export function checkOutsideUrl(
  pointer: string,
  text: string,
  rules: { readonly allowPrivateNetworks: boolean },
): FieldError | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return { pointer, detail: "This is not a URL." };
  if (url.username !== "" || url.password !== "")
    return { pointer, detail: "It must not carry user information." };
  if (rules.allowPrivateNetworks) return undefined;
  if (url.protocol !== "https:") return { pointer, detail: "It must be an https URL." };
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return isPrivateAddress(host) ? { pointer, detail: "It must not name a private address." } : undefined;
}
