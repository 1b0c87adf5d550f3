// Makes a fresh clone ready: installs what is missing, builds the report template when its sources changed.
// Plain JavaScript on purpose: it runs on whatever Node (20 or newer) the machine has, before ours is there.
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

/** Everything the command prints goes to stderr: stdout belongs to the script that called for the setup. */
function run(command, args, advice) {
  // On Windows npm is npm.cmd, which only a shell starts. Its arguments are ours and have no spaces.
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
 * The lock file holds this Node by hash where there is a package of it (scripts/pinned-node); npm links it here. Windows
 * runs no program without .exe in its name, so there the machine's own Node is used where it lies.
 */
const pinnedNode = onWindows ? process.execPath : at("node_modules/.bin/node");

/** Where there is none, the machine's own Node takes its place, if it can run the sources. Nothing is fetched unchecked. */
function requireNode() {
  if (!onWindows && existsSync(pinnedNode)) return;
  const { version, optionalDependencies } = JSON.parse(
    readFileSync(at("scripts/pinned-node/package.json"), "utf8"),
  );
  const machine = `${process.platform}-${process.arch}`;
  // npm says nothing about an optional package that it could not fetch.
  if (`node-${machine}` in optionalDependencies)
    stop(1, `expected the package node-${machine} in node_modules, found none. Try: npm run setup once more`);
  const [major, here] = [version, process.versions.node].map((text) => Number(text.split(".")[0]));
  if (here < major) {
    const wanted = `Node ${major} or newer on ${machine}, for which no binary is pinned`;
    stop(2, `expected ${wanted}, found ${process.versions.node}. Try: install Node ${major} from nodejs.org`);
  }
  if (!onWindows) symlinkSync(process.execPath, pinnedNode);
}

/** `npx fathom` in a checkout finds its own command the way a user of the package does. */
function linkCommand() {
  const [command, launcher] = [at("node_modules/.bin/fathom"), "../../bin/fathom.js"];
  if (existsSync(command)) return;
  if (!onWindows) return symlinkSync(launcher, command);
  // What npm writes for an installed package: one file for shells like bash, one for cmd.exe and PowerShell.
  writeFileSync(command, `#!/bin/sh\nexec node "$(dirname "$0")/${launcher}" "$@"\n`);
  writeFileSync(`${command}.cmd`, `@node "%~dp0\\${launcher.replaceAll("/", "\\")}" %*\r\n`);
}

// The stamp lies in node_modules, so that a deleted or half-replaced installation is never taken for a good one.
const stamp = "node_modules/.fathom-setup";
const lock = digest(["package-lock.json"]);
if (!upToDate(stamp, lock) || !existsSync(pinnedNode)) {
  console.error("setup: installing packages (once)");
  // No package needs an install script, so none is run: what is installed is what the lock file has the hash of.
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
const web = digest([...sources("web"), ...sources("src/core"), "package-lock.json"]);
if (!upToDate("build/.web", web) || !existsSync(at("build/report-template.html"))) {
  console.error("setup: building the report template");
  // On the Node that the tests use, whatever Node started this script.
  run(
    pinnedNode,
    [at("node_modules/vite/bin/vite.js"), "build", "web", "--logLevel", "error"],
    "npm run typecheck",
  );
  write("build/.web", web);
}
