// The one-way street of docs/architecture.md, as rules. A folder may import only what stands below it.
const layers = {
  core: [],
  stats: ["core"],
  graph: ["core"],
  files: ["core"],
  hub: ["core", "files"],
  model: ["core", "graph", "files"],
  sae: ["core", "graph", "files", "model", "stats"],
  prompts: ["core", "files"],
  // A judge that needs a model or a network is handed one; it never opens one.
  judges: ["core", "prompts", "stats"],
  // The analyses are pure: records and plain numbers in, findings out. Engine, files and judges never come in here.
  audit: ["core", "stats"],
  organisms: ["core", "graph", "files", "model", "sae", "prompts"],
  runs: ["core", "stats", "graph", "files", "hub", "model", "sae", "prompts", "judges", "audit"],
  report: ["core", "judges"],
};
const folder = (name) => `^src/${name}/`;
const rules = Object.entries(layers).map(([name, below]) => ({
  name: `${name}-imports-only-below`,
  severity: "error",
  from: { path: folder(name), pathNot: "\\.test\\.ts$" },
  to: { path: "^src/", pathNot: [name, ...below].map(folder) },
}));

module.exports = {
  forbidden: [
    ...rules,
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "browser-safe-ground",
      comment: "core, stats and graph run in a browser too: no Node API.",
      severity: "error",
      from: { path: "^src/(core|stats|graph)/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "web-imports-only-core",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^src/", pathNot: "^src/core/" },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types"],
    },
  },
};
