// Sealed data as text for forms and URLs: canonical base64url, so that there is one text for it and no other.

import type { Dependencies } from "../dependencies.ts";

type Parts = Pick<Dependencies, "seal">;

export function sealText(purpose: string, plain: Uint8Array, { seal }: Parts): string {
  return Buffer.from(seal.seal(purpose, plain)).toString("base64url");
}

/** What was sealed for this purpose; undefined for any other text. */
export function openText(purpose: string, text: string, { seal }: Parts): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) return undefined;
  try {
    return seal.open(purpose, bytes);
  } catch {
    return undefined;
  }
}
