// Checks the package as its user gets it: installed by plain npm in an empty folder, and used there on the machine's
// own Node. Node strips no types under node_modules, so code that works in a checkout may fail here. This file is
// plain JavaScript without imports from packages: it runs on every Node version that the package supports, with
// nothing installed.
//
//     node scripts/package-check.mjs                    packs this checkout (after setup) and checks the package
//     node scripts/package-check.mjs fathom-0.1.0.tgz   checks an existing package
//     --folder FOLDER                                   installs in FOLDER and keeps it, with the run (runs/first) in it
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: "string" } },
});

const scratch = mkdtempSync(join(tmpdir(), "fathom-package-"));
const home = values.folder ?? join(scratch, "empty-folder");
const installed = join(home, "node_modules/fathom");
const demo = "node_modules/fathom/organisms/demo";

/** Milliseconds for a command: enough for a slow registry on a busy machine. Usually no command takes a quarter of it. */
const patience = 240_000;

/**
 * The environment of a user's shell: without the variables of npm scripts and vitest, above all their Node first in
 * PATH.
 */
function usersEnvironment() {
  const ours = /^(npm_(?!config_)|npm_config_(local_prefix|prefix)$|VITEST|NODE|INIT_CWD$|PATH$)/i;
  const kept = Object.entries(process.env).filter(
    ([name]) => !ours.test(name) || name === "NODE_EXTRA_CA_CERTS",
  );
  const folders = (process.env.PATH ?? "").split(delimiter);
  return {
    ...Object.fromEntries(kept),
    PATH: folders.filter((folder) => !/node_modules|node-gyp-bin/.test(folder)).join(delimiter),
    // Otherwise onnxruntime-node's install script fetches CUDA libraries on Linux.
    ONNXRUNTIME_NODE_INSTALL: "skip",
  };
}

/** Runs a command and returns its stdout. @throws Error with its whole output if its exit code is not 0 */
function user(command, args, cwd = home) {
  const line = [command, ...args.map((text) => (text.includes(" ") ? `"${text}"` : text))].join(" ");
  // On Windows npm and npx are .cmd files, which only a shell starts. No argument here has a quote in it.
  const windows = process.platform === "win32";
  const { status, stdout, stderr, error } = spawnSync(windows ? line : command, windows ? [] : args, {
    cwd,
    shell: windows,
    env: usersEnvironment(),
    encoding: "utf8",
    timeout: patience,
    maxBuffer: 1 << 26,
  });
  if (status !== 0)
    throw new Error(`${line}: expected exit code 0, found ${status ?? error?.code}\n${stdout}${stderr}`);
  return stdout;
}

function expect(what, condition, found) {
  if (!condition) throw new Error(`${what}, found ${found}`);
  console.error(`ok   ${what}`);
}

const json = (path) => JSON.parse(readFileSync(join(home, path), "utf8"));

/** The path of the packed checkout. `npm pack` builds first; the build runs on the pinned Node, as in `npm test`. */
function packed() {
  user("npm", ["pack", "--silent", "--pack-destination", ".", root], scratch);
  return join(
    scratch,
    readdirSync(scratch).find((name) => name.endsWith(".tgz")),
  );
}

try {
  mkdirSync(home, { recursive: true });
  copyFileSync(positionals[0] ?? packed(), join(home, "fathom.tgz"));
  user("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "./fathom.tgz"]);

  const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const said = user("npx", ["fathom", "--version"]).trim();
  expect(`the package prints its version, ${version}`, said === version, said);

  const help = user("npx", ["fathom", "--help"]);
  expect("help names the audit", /^ +audit /m.test(help), help);

  const own = user("node", ["-p", "process.versions.node"]).trim();
  const { broken, checks } = JSON.parse(user("npx", ["fathom", "doctor", "--json"]));
  expect("doctor finds nothing broken", broken === 0, JSON.stringify(checks, null, 2));
  const node = checks.find(({ name }) => name === "Node").detail.split(" ")[0];
  expect(`it runs on the machine's own Node, ${own}`, node === own, node);

  const inputs = ["--model", demo, "--sae", `${demo}/sae`, "--prompts", "fiction"];
  const [first] = user("npx", ["fathom", "audit", ...inputs, "--dry-run", "--yaml", "--quiet"]).split("\n");
  const schema = "node_modules/fathom/schemas/audit.schema.json";
  expect("a printed plan names its schema", first.endsWith(` $schema=${schema}`), first);
  expect("the schema is there", json(schema).title.includes("plan"), schema);

  // The first 36 prompts are 12 matched triples: enough for the first question of a report.
  const cost = ["--limit", "36", "--caps", "16,32", "--threads", "1"];
  user("npx", ["fathom", "audit", ...inputs, ...cost, "--out", "runs/first", "--quiet"]);
  const { environment } = json("runs/first/manifest.json");
  expect("the audit runs on it too", environment.node === own, environment.node);
  const findings = json("runs/first/findings.json");
  const found = findings.filter(({ status }) => status === "found").length;
  expect("the audit of the bundled checkpoint finds something", found > 0, `${findings.length} findings`);

  const page = readFileSync(join(home, "runs/first/report.html"), "utf8");
  const shown = findings.filter(({ sentence }) => page.includes(JSON.stringify(sentence).slice(1, -1)));
  expect("the report holds findings", shown.length > 0, `none of ${findings.length}`);

  const text = readFileSync(join(installed, "docs/library.md"), "utf8");
  for (const [i, [, code]] of [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].entries()) {
    writeFileSync(join(home, `example-${i + 1}.mjs`), code);
    const printed = user("node", [`example-${i + 1}.mjs`]);
    expect(`example ${i + 1} of docs/library.md runs`, printed.trim() !== "", "nothing printed");
  }
  writeFileSync(
    join(home, "closed.mjs"),
    'console.log(await import("fathom/dist/core/errors.js").catch(({ code }) => code));',
  );
  const closed = user("node", ["closed.mjs"]).trim();
  expect("nothing else can be imported", closed === "ERR_PACKAGE_PATH_NOT_EXPORTED", closed);
} catch (error) {
  console.error(`package-check: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
