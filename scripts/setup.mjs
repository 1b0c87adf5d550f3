// Prepares a fresh clone: installs missing packages, and builds the pages if their sources changed.
// It is plain JavaScript, because it runs on the machine's own Node (20 or newer) before the pinned Node is installed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const onWindows = process.platform === "win32";

function stop(code, message) {
  console.error(`setup: ${message}`);
  process.exit(code);
}

/** Runs a command. Its output goes to stderr, because stdout belongs to the script that called the setup. */
function run(command, args, advice) {
  // On Windows npm is npm.cmd, which only a shell can start. The arguments come from this file and have no spaces.
  const shell = onWindows && command === "npm";
  try {
    execFileSync(shell ? [command, ...args].join(" ") : command, shell ? [] : args, {
      cwd: root,
      shell,
      stdio: ["ignore", 2, 2],
      env: { ...process.env, npm_config_update_notifier: "false" },
    });
  } catch (error) {
    const found = error.signal ?? (error.status == null ? error.message : `exit code ${error.status}`);
    stop(1, `${[command, ...args].join(" ")}: expected exit code 0, found ${found}. Try: ${advice}`);
  }
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  stop(
    2,
    `expected Node 20 or newer, found ${process.versions.node}. Try: install a current Node from nodejs.org`,
  );
}

const digest = (files) => {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(at(file)));
  return hash.digest("hex");
};
const upToDate = (stamp, want) => existsSync(at(stamp)) && readFileSync(at(stamp), "utf8") === want;
const write = (stamp, text) => {
  mkdirSync(dirname(at(stamp)), { recursive: true });
  writeFileSync(at(stamp), text);
};

/**
 * The lock file pins this Node by hash on systems that have a package of it (scripts/pinned-node); npm links it here.
 * Windows cannot run a program without .exe in its name, so the machine's own Node is used there.
 */
const pinnedNode = onWindows ? process.execPath : at("node_modules/.bin/node");

/** Without a pinned Node, the machine's own Node is used if it can run the sources. Nothing unchecked is fetched. */
function requireNode() {
  if (!onWindows && existsSync(pinnedNode)) return;
  const { version, optionalDependencies } = JSON.parse(
    readFileSync(at("scripts/pinned-node/package.json"), "utf8"),
  );
  const machine = `${process.platform}-${process.arch}`;
  // npm prints nothing if it could not fetch an optional package.
  if (`node-${machine}` in optionalDependencies)
    stop(1, `expected the package node-${machine} in node_modules, found none. Try: npm run setup once more`);
  const [major, here] = [version, process.versions.node].map((text) => Number(text.split(".")[0]));
  if (here < major) {
    const wanted = `Node ${major} or newer on ${machine}, for which no binary is pinned`;
    stop(2, `expected ${wanted}, found ${process.versions.node}. Try: install Node ${major} from nodejs.org`);
  }
  if (!onWindows) symlinkSync(process.execPath, pinnedNode);
}

/** Links the command, so that `npx fathom` in a checkout works as for a user of the package. */
function linkCommand() {
  const [command, launcher] = [at("node_modules/.bin/fathom"), "../../bin/fathom.js"];
  if (existsSync(command)) return;
  if (!onWindows) return symlinkSync(launcher, command);
  // npm writes the same two files for an installed package: one for shells like bash, one for cmd.exe and PowerShell.
  writeFileSync(command, `#!/bin/sh\nexec node "$(dirname "$0")/${launcher}" "$@"\n`);
  writeFileSync(`${command}.cmd`, `@node "%~dp0\\${launcher.replaceAll("/", "\\")}" %*\r\n`);
}

// The stamp is in node_modules, so that a deleted or partly replaced installation never passes for a good one.
const stamp = "node_modules/.fathom-setup";
const lock = digest(["package-lock.json"]);
if (!upToDate(stamp, lock) || !existsSync(pinnedNode)) {
  console.error("setup: installing packages (once)");
  // No package needs an install script, so none is run. Only files with a hash in the lock file are installed.
  const install = ["ci", "--ignore-scripts", "--loglevel=error"];
  run("npm", install, "read npm's message above; npm run setup goes on from here");
  linkCommand();
  write(stamp, lock);
}
requireNode();

const sources = (folder) =>
  readdirSync(at(folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .sort();
const web = digest([...sources("web"), ...sources("src/core"), ...sources("src/shown"), "package-lock.json"]);
const pages = ["build/report-template.html", "build/label-page.html"];
if (!upToDate("build/.web", web) || !pages.every((page) => existsSync(at(page)))) {
  console.error("setup: building the pages");
  // Uses the Node that the tests use, not the one that started this script.
  for (const mode of [[], ["--mode", "label"]])
    run(
      pinnedNode,
      [at("node_modules/vite/bin/vite.js"), "build", "web", ...mode, "--logLevel", "error"],
      "npm run typecheck",
    );
  write("build/.web", web);
}
