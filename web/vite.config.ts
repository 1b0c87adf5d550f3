/**
 * Builds the report page: one HTML file with everything inside. A run's data is put into it later. The page's
 * Content-Security-Policy allows no network, and only the script that was built here, by its hash.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

const page = "report-template.html";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), viteSingleFile({ removeViteModuleLoader: true }), allowOnlyOurScript()],
  build: {
    outDir: "../build",
    // build/ also holds the stamp of scripts/setup.mjs and other files, so it must not be emptied.
    emptyOutDir: false,
    // The page holds other people's code without its comments. Their licence notices are in a file beside the template.
    license: { fileName: "report-template.licenses.md" },
    rolldownOptions: { input: fileURLToPath(new URL(page, import.meta.url)) },
  },
});

/** Writes the hash of the inlined script into the policy, so that no other script can run. */
function allowOnlyOurScript(): Plugin {
  return {
    name: "fathom:script-hash",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const html = bundle[page];
        if (html?.type !== "asset" || typeof html.source !== "string") {
          this.error(`${page}: expected an HTML asset, found ${html?.type ?? "none"}`);
        }
        const scripts = [...html.source.matchAll(/<script type="module"[^>]*>([\s\S]*?)<\/script>/g)];
        if (scripts.length !== 1 || scripts[0]?.[1] === undefined || scripts[0][1] === "") {
          this.error(`${page}: expected one inlined module script, found ${scripts.length}`);
        }
        const hash = createHash("sha256").update(scripts[0][1]).digest("base64");
        html.source = html.source.replace("'sha256-of-the-inlined-script'", `'sha256-${hash}'`);
      },
    },
  };
}
