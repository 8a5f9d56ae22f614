// Second factors: codes by the vectors of their RFCs, recovery codes, and who is asked for what.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  acrOf,
  decideFactors,
  formatRecoveryCode,
  parseRecoveryCode,
  parseTotpCode,
  reachableAcr,
  recoveryCodeBytes,
  type SecondFactor,
  totpCode,
  totpMessage,
  totpSeedText,
  totpStepAt,
  totpStepsAt,
  totpUri,
  withSecondFactor,
} from "@rescind/core";

const seed = Buffer.from("12345678901234567890");
const codeOf = (step: number): string =>
  totpCode(createHmac("sha1", seed).update(totpMessage(step)).digest());

test("RFC 4226 appendix D: the first ten codes of the seed", () => {
  assert.deepEqual(
    Array.from({ length: 10 }, (_, step) => codeOf(step)),
    ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"],
  );
});

test("RFC 6238 appendix B: the codes of its times, the last six digits", () => {
  for (const [seconds, code] of [
    [59, "287082"],
    [1111111109, "081804"],
    [1111111111, "050471"],
    [1234567890, "005924"],
    [2000000000, "279037"],
    [20000000000, "353130"],
  ] as const)
    assert.equal(codeOf(totpStepAt(seconds * 1000)), code, String(seconds));
});

test("RFC 6238 section 5.2: one step early or late, and none that is not newer than the last one used", () => {
  const atMs = 100 * 30_000 + 5;
  assert.deepEqual(totpStepsAt(atMs, 0), [100, 99, 101]);
  assert.deepEqual(totpStepsAt(atMs, 99), [100, 101]);
  assert.deepEqual(totpStepsAt(atMs, 100), [101]);
  assert.deepEqual(totpStepsAt(atMs, 101), []);
  assert.deepEqual(
    ["123456", " 123 456", "123-456", "12345", "1234567", "12345a", "１２３４５６"].map(parseTotpCode),
    ["123456", "123456", "123456", undefined, undefined, undefined, undefined],
  );
});

test("a seed is told to apps in base32, with whose it is", () => {
  assert.equal(totpSeedText(seed), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  assert.equal(totpSeedText(Buffer.from("fooba")), "MZXW6YTB", "RFC 4648 section 10");
  assert.equal(
    totpUri({ issuer: "Acme & Co", account: "ada@example.org", seed }),
    "otpauth://totp/Acme%20%26%20Co:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20Co&algorithm=SHA1&digits=6&period=30",
  );
});

test("a recovery code is read again however it is typed, and nothing else is one", () => {
  assert.equal(formatRecoveryCode(new Uint8Array(recoveryCodeBytes)), "0000-0000-0000-0000");
  for (let made = 0; made < 100; made++) {
    const code = formatRecoveryCode(randomBytes(recoveryCodeBytes));
    assert.match(code, /^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
    const typed = code.toUpperCase().replaceAll("-", " ").replaceAll("0", "O").replaceAll("1", "l");
    assert.equal(parseRecoveryCode(typed), code);
  }
  for (const text of ["", "0000-0000-0000", "0000-0000-0000-00000", "0000-0000-0000-000u", "123456"])
    assert.equal(parseRecoveryCode(text), undefined, text);
});

test("RFC 8176: what methods are worth", () => {
  for (const [amr, acr] of [
    [["pwd"], "pwd"],
    [["pwd", "otp", "mfa"], "mfa"],
    [["hwk", "user"], "phr"],
    [["pwd", "swk", "user", "mfa"], "phr"],
    [["hwk"], undefined],
    [["fed"], undefined],
    [["fed", "mfa"], "mfa"],
    [[], undefined],
  ] as const)
    assert.equal(acrOf(amr), acr, amr.join(" "));
  assert.deepEqual(withSecondFactor(["pwd"], ["otp"]), ["pwd", "otp", "mfa"]);
  assert.deepEqual(withSecondFactor(["fed", "mfa"], ["swk", "user"]), ["fed", "mfa", "swk", "user"]);
});

test("who has codes is asked for a second factor, who has only a passkey is not, and a client may ask for more", () => {
  const of = (amr: readonly string[], has: readonly SecondFactor[], required?: "mfa" | "phr" | "pwd") => {
    const decision = decideFactors({ amr, has: new Set(has), required });
    return decision.kind === "second-factor" ? decision.may : decision.kind;
  };
  const all: readonly SecondFactor[] = ["totp", "passkey", "recovery-code"];
  assert.equal(of(["pwd"], []), "done");
  assert.equal(of(["pwd"], ["passkey", "recovery-code"]), "done");
  assert.deepEqual(of(["pwd"], all), all);
  assert.equal(of(["hwk", "user"], all), "done");
  assert.equal(of(["pwd", "otp", "mfa"], all), "done");
  assert.deepEqual(of(["fed"], ["totp"]), ["totp"]);
  assert.equal(of(["fed", "mfa"], ["totp"]), "done");
  assert.equal(of(["fed"], [], "pwd"), "done");
  assert.equal(of(["pwd"], [], "mfa"), "unmet");
  assert.deepEqual(of(["pwd"], ["passkey", "recovery-code"], "mfa"), ["passkey", "recovery-code"]);
  assert.deepEqual(of(["pwd"], all, "phr"), ["passkey"]);
  assert.equal(of(["pwd"], ["totp", "recovery-code"], "phr"), "unmet");
  assert.deepEqual(of(["pwd", "otp", "mfa"], all, "phr"), ["passkey"]);
  assert.deepEqual(
    [reachableAcr(new Set()), reachableAcr(new Set(["totp"])), reachableAcr(new Set(all))],
    ["pwd", "mfa", "phr"],
  );
});
