// npm runs this after `npm ci` in the repository: builds every package, so that `npx rescind` and imports work.
// Never makes an installation fail: without the compiler (`npm ci --omit=dev`) there is nothing to do, and errors
// in the sources are for `npm test` and `npm run check` to refuse.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bundler = fileURLToPath(new URL("../node_modules/vite/bin/vite.js", import.meta.url));
const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

if (existsSync(compiler)) {
  const { status } = spawnSync(process.execPath, [compiler, "-b", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0)
    console.error("prepare: the build has errors; see above, and run `npm run build` when they are gone");
  const newer = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
  if (existsSync(bundler) && existsSync(newer)) {
    const cwd = fileURLToPath(new URL("../packages/console", import.meta.url));
    const pages = spawnSync(newer, [bundler, "build", "--logLevel", "warn"], { cwd, stdio: "inherit" });
    if (pages.status !== 0) console.error("prepare: the console could not be built; see above");
    const bundle = fileURLToPath(new URL("bundle.js", import.meta.url));
    if (spawnSync(newer, [bundle], { cwd: root, stdio: "inherit" }).status !== 0)
      console.error("prepare: the server could not be bundled, and starts slower; see above");
  }
}
