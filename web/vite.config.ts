/**
 * Builds a page: one HTML file with everything inside. There are two. `vite build web` makes the report, into which a run's
 * data is put later; its Content-Security-Policy allows no network. `vite build web --mode label` makes the page on which
 * people label answers, which may speak to its own server. Both run only the script that was built here, by its hash.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

export default defineConfig(({ mode }) => {
  const page = mode === "label" ? "label-page" : "report-template";
  return {
    root: fileURLToPath(new URL(".", import.meta.url)),
    plugins: [react(), viteSingleFile({ removeViteModuleLoader: true }), allowOnlyOurScript(`${page}.html`)],
    build: {
      outDir: "../build",
      // build/ also holds the stamp of scripts/setup.mjs and other files, so it must not be emptied.
      emptyOutDir: false,
      // The page holds other people's code without its comments. Their licence notices are in a file beside the template.
      license: { fileName: `${page}.licenses.md` },
      rolldownOptions: { input: fileURLToPath(new URL(`${page}.html`, import.meta.url)) },
    },
  };
});

/** Writes the hash of the inlined script into the policy, so that no other script can run. */
function allowOnlyOurScript(page: string): Plugin {
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
