// Runs a bundled Worker in workerd: `node worker-host.ts MINIFLARE BUNDLE`, settings in the environment. Prints its port.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [miniflare = "", bundle = ""] = process.argv.slice(2);
const { ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET } = process.env;
// boundary: installed beside, for the long run only
const { Miniflare } = (await import(pathToFileURL(miniflare).href)) as {
  Miniflare: new (options: object) => { readonly ready: Promise<URL>; dispose(): Promise<void> };
};
const running = new Miniflare({
  modules: true,
  script: readFileSync(bundle, "utf8"),
  compatibilityDate: "2026-07-01",
  durableObjects: { VERIFYING: "Verifying" },
  bindings: { ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET },
});
const { port } = await running.ready;
console.log(JSON.stringify({ port: Number(port) }));
// workerd is a process of its own, which would outlive this one.
process.once("SIGTERM", () => void running.dispose().then(() => process.exit(0)));
