// Builds the console and the account page into files that the server serves, at whatever path its issuer has.

import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { conditions: ["source", "module", "browser", "production"] },
  build: {
    outDir: fileURLToPath(new URL("../server/site", import.meta.url)),
    emptyOutDir: true,
    target: "es2023",
    // Inline data would need a wider policy than the pages have.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: ["console.html", "account.html"] },
  },
});
