// The same picture in a third of the bytes: 256 colours (PNG's palette), which is all that pages use but for the edges of
// letters, and the deflation that takes longest. Reads only what browsers write.

import { crc32, deflateSync, inflateSync } from "node:zlib";

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/** Of 8 bits each: red, green, blue. */
const pixel = 3;

/** @param png 8 bits, true colour without alpha, not interlaced; anything else is refused */
export function lighter(png: Buffer): Buffer {
  const chunks = chunksOf(png);
  const [header] = chunks;
  if (header?.data.toString("hex", 8) !== "0802000000") throw new Error("not a PNG as browsers make them");
  const width = header.data.readUInt32BE(0);
  const packed = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data));
  const rows = unfiltered(inflateSync(packed), width * pixel);
  const { palette, indexed } = indexedColours(rows, width);
  const indexedHeader = Buffer.from(header.data);
  indexedHeader.writeUInt8(3, 9);
  const light = [
    { type: "IHDR", data: indexedHeader },
    { type: "PLTE", data: palette },
    { type: "IDAT", data: deflateSync(indexed, { level: 9, memLevel: 9 }) },
    { type: "IEND", data: Buffer.alloc(0) },
  ];
  return Buffer.concat([signature, ...light.map(encoded)]);
}

/** The most frequent colours stay as they are; each other becomes the nearest of them. */
function indexedColours(rows: Buffer, width: number): { palette: Buffer; indexed: Buffer } {
  const stride = width * pixel + 1;
  const places = Array.from({ length: (rows.length / stride) * width }, (_, at) => {
    return Math.floor(at / width) * stride + 1 + (at % width) * pixel;
  });
  const counts = new Map<number, number>();
  for (const place of places) {
    const colour = rows.readUIntBE(place, pixel);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const kept = [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, 256)
    .map(([colour]) => colour);
  const indexes = new Map([...counts.keys()].map((colour) => [colour, nearest(colour, kept)]));
  const palette = Buffer.alloc(kept.length * pixel);
  for (const [at, colour] of kept.entries()) palette.writeUIntBE(colour, at * pixel, pixel);
  const indexed = Buffer.alloc((rows.length / stride) * (width + 1));
  for (const [at, place] of places.entries())
    indexed[at + Math.floor(at / width) + 1] = indexes.get(rows.readUIntBE(place, pixel)) ?? 0;
  return { palette, indexed };
}

function nearest(colour: number, kept: readonly number[]): number {
  const distances = kept.map((other) =>
    [16, 8, 0]
      .map((shift) => (((colour >> shift) & 255) - ((other >> shift) & 255)) ** 2)
      .reduce((sum, part) => sum + part),
  );
  return distances.indexOf(Math.min(...distances));
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(png: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString("latin1", at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    });
    at += length + 12;
  }
  return chunks;
}

function encoded({ type, data }: Chunk): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(named.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  named.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(named), named.length + 4);
  return chunk;
}

/** Rows with the filter "none" (section 6); `stride` bytes each. */
function unfiltered(rows: Buffer, stride: number): Buffer {
  for (let start = 0; start < rows.length; start += stride + 1) {
    const filter = rows[start] ?? 0;
    rows[start] = 0;
    for (let at = start + 1; at <= start + stride; at++) {
      const isFirst = at - start <= pixel;
      const left = isFirst ? 0 : (rows[at - pixel] ?? 0);
      const up = start === 0 ? 0 : (rows[at - stride - 1] ?? 0);
      const corner = isFirst || start === 0 ? 0 : (rows[at - stride - 1 - pixel] ?? 0);
      rows[at] = ((rows[at] ?? 0) + predicted(filter, left, up, corner)) & 255;
    }
  }
  return rows;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((near) => Math.abs(left + up - corner - near));
  if (toLeft === undefined || toUp === undefined || toCorner === undefined) return 0;
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
