// The settings `brand_name`, `brand_logo` and `brand_color`: how the pages that people see look.

import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { type Brand, type BrandLogo, defaultBrand, readColor } from "./pages/brand.ts";

/** Bytes. */
const largestLogo = 256 * 1024;

const logoTypes: Readonly<Record<string, string>> = {
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
};

export interface RawBrand {
  readonly brandName?: string | undefined;
  /** Path of a file. */
  readonly brandLogo?: string | undefined;
  readonly brandColor?: string | undefined;
}

/** The brand, or a text that says which setting is wrong and how to mend it. */
export function readBrand(raw: RawBrand): Brand | string {
  const name = raw.brandName ?? defaultBrand.name;
  if (!/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,60}$/u.test(name) || name.trim() === "")
    return "--brand-name must be 1 to 60 printable characters.";
  const color = readColor(raw.brandColor ?? defaultBrand.color);
  if (color === undefined) return "--brand-color must be a colour like #3b4cca.";
  const logo = raw.brandLogo === undefined ? undefined : readLogo(raw.brandLogo);
  return typeof logo === "string" ? logo : { name, color, logo };
}

function readLogo(path: string): BrandLogo | string {
  const type = logoTypes[extname(path).toLowerCase()];
  if (type === undefined) return "--brand-logo must be the path of an .svg, .png, .jpg or .webp file.";
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return `The file ${path} of --brand-logo cannot be read.`;
  }
  if (bytes.length === 0 || bytes.length > largestLogo)
    return `The file of --brand-logo must have at most ${largestLogo / 1024} KiB, and not be empty.`;
  return { type, bytes };
}
