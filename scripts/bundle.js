// Puts `rescind serve` together into a few files (packages/server/dist/bundle), after `tsc -b`: a start reads some 1,600
// modules else, which is two thirds of its time. The server's and the writer's threads begin in files of their own. What is
// not there or older than what it was made of is not used (packages/server/src/bundled.ts).
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(`../packages/${path}`, import.meta.url));

// An import of node:http reads everything that it exports, and so loads its WebSocket, which nobody asked for: a tenth of a
// start. Taken as CommonJS takes it, only what is used is read.
const http = {
  name: "http-as-commonjs",
  /** @type {"pre"} */
  enforce: "pre",
  /** @param {string} id */
  resolveId: (id) => (id === "http" || id === "node:http" ? "\0node-http" : undefined),
  /** @param {string} id */
  load: (id) =>
    id === "\0node-http" ? 'module.exports = process.getBuiltinModule("node:http");' : undefined,
};

await build({
  configFile: false,
  plugins: [http],
  root: at("server"),
  logLevel: "warn",
  ssr: { noExternal: true, target: "node" },
  build: {
    ssr: true,
    outDir: at("server/dist/bundle"),
    emptyOutDir: true,
    target: "node24",
    minify: false,
    rolldownOptions: {
      input: {
        serve: at("server/dist/serve.js"),
        worker: at("server/dist/workers/worker.js"),
        writer: at("store/dist/sqlite/writer.js"),
      },
      // Beside each other, so that a thread's file is found as among the modules, and package.json as far above.
      output: { entryFileNames: "[name].js", chunkFileNames: "part-[hash].js" },
    },
  },
});
