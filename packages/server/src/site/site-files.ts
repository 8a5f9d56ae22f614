// The built files of console and account page, read once. They come with the package; the server imports no code of
// theirs. DESIGN.md section 2.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

export interface SiteFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** Weak: of the content, however it is packed. */
  readonly etag: string;
  /** Packed when somebody first asks for it, then kept. */
  gzipped(): Promise<Buffer>;
}

/** By path below the folder, with slashes. */
export type SiteFiles = ReadonlyMap<string, SiteFile>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** Beside `src` and `dist` alike. */
const builtFolder = fileURLToPath(new URL("../../site", import.meta.url));

/** None where nothing was built: whoever asks is told so. */
export function readSiteFiles(folder: string = builtFolder): SiteFiles {
  const files = new Map<string, SiteFile>();
  for (const path of filesBelow(folder)) {
    const type = types[extname(path)];
    if (type === undefined) continue;
    const bytes = readFileSync(path);
    const etag = `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    let packed: Promise<Buffer> | undefined;
    const gzipped = () => {
      packed ??= promisify(gzip)(bytes, { level: 9 });
      return packed;
    };
    files.set(relative(folder, path).split(sep).join("/"), { type, bytes, etag, gzipped });
  }
  return files;
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
