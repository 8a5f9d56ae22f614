// Recovery codes: what gets somebody in once who has lost their authenticator. Eighty bits each, so that a digest is all
// that need be kept; groups and letters that are read and typed without mistakes.

/** So many are made together. */
export const recoveryCodeCount = 10;
/** Random bytes of one code. */
export const recoveryCodeBytes = 10;

/** Crockford's: no letter that looks like a digit, and no words. */
const letters = "0123456789abcdefghjkmnpqrstvwxyz";
const length = 16;

/** A code as it is shown: four groups of four. */
export function formatRecoveryCode(random: Uint8Array): string {
  const bits = Array.from(random, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const fives = bits.match(/.{5}/g) ?? [];
  const text = fives.map((five) => letters[Number.parseInt(five, 2)]).join("");
  return (text.match(/.{4}/g) ?? []).join("-");
}

/** The code in what somebody typed, as it was shown: whatever case and gaps, o for 0, i and l for 1. */
export function parseRecoveryCode(typed: string): string | undefined {
  const text = typed.toLowerCase().replaceAll(/[\s-]/g, "").replaceAll("o", "0").replaceAll(/[il]/g, "1");
  if (text.length !== length || ![...text].every((letter) => letters.includes(letter))) return undefined;
  return (text.match(/.{4}/g) ?? []).join("-");
}
