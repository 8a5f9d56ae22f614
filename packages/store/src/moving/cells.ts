// One row as a line of JSON: the same whichever engine it came from, so that lines can be compared.

import type { Table } from "./tables.ts";

/** Whole numbers are always bigint: row ids do not fit a double. */
export type Cell = null | bigint | string | Uint8Array;

export type Cells = readonly Cell[];

/** A row that is not one of this table. */
export class WrongRow extends Error {
  override readonly name = "WrongRow";
}

export function encodeRow(row: Cells): string {
  return `[${row.map(encodeCell).join(",")}]`;
}

/** @throws WrongRow */
export function decodeRow(line: string, table: Table): Cells {
  const values: unknown = JSON.parse(line);
  if (!Array.isArray(values) || values.length !== table.columns.length)
    throw new WrongRow(`a row of ${table.name} has not the columns of that table`);
  return table.columns.map(({ name, type }, place) => {
    const cell = decodeCell(values[place], type);
    if (cell === undefined) throw new WrongRow(`${table.name}.${name} holds what it cannot hold`);
    return cell;
  });
}

/** The cells of its key. */
export function keyOf(row: Cells, { columns, key }: Table): Cells {
  return key.map((name) => row[columns.findIndex((column) => column.name === name)] ?? null);
}

function encodeCell(cell: Cell): string {
  if (cell === null) return "null";
  if (typeof cell === "bigint") {
    const isExact = cell <= Number.MAX_SAFE_INTEGER && cell >= Number.MIN_SAFE_INTEGER;
    return isExact ? cell.toString() : `"${cell}"`;
  }
  // JSON leaves two line ends of Unicode as they stand, and who reads a file line by line cuts there.
  if (typeof cell === "string")
    return JSON.stringify(cell).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  return `"${Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString("base64")}"`;
}

function decodeCell(value: unknown, type: Table["columns"][number]["type"]): Cell | undefined {
  if (value === null) return null;
  switch (type) {
    case "whole":
      if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
      return typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
    case "text":
      return typeof value === "string" ? value : undefined;
    case "bytes":
      return typeof value === "string" ? Buffer.from(value, "base64") : undefined;
  }
}
