// The one-way street of docs/architecture.md, as rules. A room may import only the rooms that stand in its list.
// docs/rooms.svg is drawn from this table (scripts/draw-rooms.ts).
const rooms = {
  core: [],
  stats: ["core"],
  graph: ["core"],
  files: ["core"],
  hub: ["core", "files"],
  endpoint: ["core"],
  "model/weights": ["core"],
  "model/ort": ["core", "files", "graph", "model/weights"],
  "model/architecture": ["core", "graph", "model/weights", "model/ort"],
  "model/text": ["core", "files"],
  "model/checkpoint": ["core", "graph", "files", "model/weights", "model/architecture", "model/text"],
  "model/engine": [
    ...["core", "graph", "files"],
    ...["model/weights", "model/ort", "model/architecture", "model/text", "model/checkpoint"],
  ],
  model: ["core", "graph", "files"],
  "sae/code": ["core", "graph", "files", "model"],
  "sae/formats": ["core", "files", "sae/code"],
  "sae/measure": ["core", "stats", "graph", "files", "model", "sae/code"],
  "sae/training": ["core", "graph", "files", "model", "sae/code", "sae/measure"],
  "sae/domain": ["core", "stats", "graph", "files", "model", "sae/code", "sae/measure", "sae/training"],
  prompts: ["core", "stats", "files"],
  // Answers that other tools recorded: files in, answers with their prompts out.
  recorded: ["core", "files", "prompts"],
  // A judge that needs a model or a network is handed one; it never opens one.
  judges: ["core", "prompts", "stats"],
  // The analyses are pure: records and plain numbers in, findings out. Engine, files and judges never come in here.
  audit: ["core", "stats"],
  // The search over features is as pure: it puts its questions to a Subject and never meets a model.
  anatomy: ["core", "stats"],
  organisms: ["core", "graph", "files", "model", "sae", "prompts"],
  // What the page, the Markdown and the terminal say alike. The page imports it, so it imports no zod.
  shown: ["core"],
  report: ["core", "judges", "shown"],
  // A job is done the same way for a command line, a queue or a server: it imports none of them.
  "jobs/job": ["core", "files"],
  "jobs/inputs": ["core", "files", "hub", "model", "sae", "prompts", "jobs/job"],
  "jobs/judges": ["core", "endpoint", "files", "model", "prompts", "judges", "jobs/job", "jobs/inputs"],
  "jobs/audit": [
    ...[
      "core",
      "stats",
      "files",
      "hub",
      "endpoint",
      "model",
      "sae",
      "prompts",
      "recorded",
      "judges",
      "audit",
    ],
    ...["jobs/job", "jobs/inputs", "jobs/judges", "jobs/anatomy-report"],
  ],
  "jobs/gate": ["core", "files"],
  "jobs/report-files": ["core", "files", "report"],
  "jobs/audit-report": ["core", "files", "sae", "audit", "judges", "report", "jobs/inputs", "jobs/audit"],
  "jobs/sae-report": ["core", "files", "model", "sae", "report", "jobs/job", "jobs/inputs"],
  "jobs/sae-training": ["core", "files", "model", "sae", "prompts", "jobs/job", "jobs/inputs"],
  "jobs/anatomy": [
    ...["core", "stats", "files", "hub", "model", "sae", "prompts", "judges", "audit", "anatomy"],
    ...["jobs/job", "jobs/inputs"],
  ],
  "jobs/comparison": [
    ...["core", "audit", "report", "jobs/audit", "jobs/audit-report", "jobs/anatomy-report"],
  ],
  "jobs/export": ["core", "report", "jobs/audit", "jobs/audit-report"],
  "jobs/anatomy-report": ["core", "files", "report", "jobs/inputs", "jobs/anatomy"],
  // An endpoint over a model that its caller has opened.
  "serve/loopback": ["core"],
  serve: ["core", "model"],
  // People label a run's answers. Its caller reads the run and hands the page over.
  labelling: ["core", "stats", "files", "judges", "serve/loopback"],
  // What a program may import. The command line shares its defaults.
  library: ["core", "model", "sae", "prompts", "audit", "jobs"],
};
const isTest = "\\.test\\.ts$";
const inside = (room) => `^src/${room}/`;
const roomRules = Object.entries(rooms).map(([room, below]) => ({
  name: `${room}-imports-only-below`,
  severity: "error",
  from: { path: inside(room) },
  to: { path: "^src/", pathNot: [room, ...below].map(inside) },
}));

/** A folder's files may import its subfolders. A subfolder never imports a file of a folder that it lies in. */
const neverUp = [1, 2, 3, 4].map((depth) => ({
  name: `a-subfolder-imports-nothing-above-it-${depth}`,
  severity: "error",
  from: { path: `^((?:src|web/src)${"/[^/]+".repeat(depth)})/[^/]+/` },
  to: { path: "^$1/[^/]+$" },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    ...neverUp,
    {
      name: "nothing-imports-the-command-line",
      comment: "A library, a server or a queue does the same jobs.",
      severity: "error",
      from: { path: "^(src|web)/", pathNot: "^src/cli/" },
      to: { path: "^src/cli/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-cycles-of-folders", severity: "error", scope: "folder", from: {}, to: { circular: true } },
    {
      name: "one-door-to-the-runtime",
      comment: "ort.ts turns the telemetry of ONNX Runtime off before it is loaded.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/model/ort/" },
      to: { path: "node_modules/onnxruntime-node" },
    },
    {
      name: "browser-safe-ground",
      comment: "core, stats and graph run in a browser too: no Node API.",
      severity: "error",
      from: { path: "^src/(core|stats|graph)/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "web-imports-only-core",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^src/", pathNot: "^src/(core|shown)/" },
    },
    {
      name: "a-door-has-its-folders-name",
      comment: "families/families.ts, not families/index.ts; src/index.ts is the package's own door.",
      severity: "error",
      from: {},
      to: { path: "^(src/.+|web/.*)/index\\.tsx?$" },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    // Tests may reach anywhere, and nothing imports them.
    exclude: { path: isTest },
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
