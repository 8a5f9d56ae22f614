// Values on their way to PostgreSQL and back: text, but for bytes. The boundary at which the server's text becomes values.
// PostgreSQL's text cannot hold U+0000, which JavaScript's and SQLite's can: it is written as an escape and read back.

import type { Row, SqlValue } from "../executor.ts";

const oid = { bytea: 17, int8: 20, int2: 21, int4: 23 } as const;

const escapes = "\uFFFE";

/** As the driver sends them: bytes in binary, everything else as text. */
export function encoded(value: SqlValue): string | Buffer | null {
  if (value === null) return value;
  if (typeof value === "string") return writtenText(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value.toString();
}

/** @param fields a row's columns as text @param types their types' oids */
export function decoded(fields: readonly (string | null)[], types: readonly number[]): Row {
  return fields.map((text, place) => (text === null ? null : value(text, types[place])));
}

function value(text: string, type: number | undefined): SqlValue {
  if (type === oid.int8 || type === oid.int4 || type === oid.int2) return Number(text);
  if (type === oid.bytea) return bytes(text);
  return readText(text);
}

/** A text as PostgreSQL can hold it. */
export function writtenText(text: string): string {
  if (!/[\0\uFFFE]/.test(text)) return text;
  return text.replaceAll(escapes, `${escapes}1`).replaceAll("\0", `${escapes}0`);
}

/** The text that was written so. */
export function readText(text: string): string {
  if (!text.includes(escapes)) return text;
  return text.replaceAll(`${escapes}0`, "\0").replaceAll(`${escapes}1`, escapes);
}

/** In hexadecimal, or in the older format (`bytea_output = escape`): octal after a backslash, where it is not ASCII. */
function bytes(text: string): Uint8Array {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex");
  const plain = text.replaceAll(/\\(\d{3}|\\)/g, (_, octal: string) =>
    octal === "\\" ? octal : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, "latin1");
}
