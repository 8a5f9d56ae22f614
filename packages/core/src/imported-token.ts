// Opaque tokens that were made elsewhere and come under management here: which texts may. What they are is looked up by
// their digest, so a text that any of our own formats could be mistaken for stays out.

import { hasOwnPrefix } from "./token-format.ts";

/** Characters. Shorter ones could be guessed. */
export const importedLengths = { least: 16, most: 1024 } as const;

const visible = new RegExp(`^[\\x21-\\x7e]{${importedLengths.least},${importedLengths.most}}$`);

/** True for a text that may be an imported token: visible ASCII of a bounded length without one of our prefixes. */
export function mayBeImported(text: string): boolean {
  return visible.test(text) && !hasOwnPrefix(text);
}
