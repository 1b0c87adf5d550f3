// Checks that all files state the same version and, given a tag, that it can be released.
//
//     node scripts/release-check.mjs           package.json, package-lock.json and CITATION.cff agree
//     node scripts/release-check.mjs v0.2.0    the tag and the changelog agree too, nothing is left under "Unreleased", and
//                                              package.json names this repository, which npm compares with the provenance
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(root, path), "utf8");

const [tag] = process.argv.slice(2);
const { version, repository } = JSON.parse(read("package.json"));
const problems = [];
function agree(where, found, expected = version) {
  if (found !== expected)
    problems.push(
      `${where}: expected ${expected}, found ${found === undefined ? "none" : JSON.stringify(found)}`,
    );
}

const lock = JSON.parse(read("package-lock.json"));
agree("package-lock.json version", lock.version);
agree('package-lock.json packages[""].version', lock.packages[""].version);

const citation = read("CITATION.cff");
const cited = (field) => new RegExp(`^${field}: "?([^"\\n]+?)"?$`, "m").exec(citation)?.[1];
agree("CITATION.cff version", cited("version"));

/** The sections of the changelog, by the version (or "Unreleased") in their headings. */
const sections = new Map(
  read("CHANGELOG.md")
    .split(/^## /m)
    .slice(1)
    .map((text) => {
      const [heading, ...rest] = text.split("\n");
      const [name, date] = heading.split(" - ");
      return [name, { date, text: rest.join("\n").trim() }];
    }),
);
const section = sections.get(version);
if (section?.date !== undefined) agree("CITATION.cff date-released", cited("date-released"), section.date);

if (tag !== undefined) {
  agree("the tag", tag, `v${version}`);
  if (!/^\d{4}-\d\d-\d\d$/.test(section?.date ?? ""))
    problems.push(`CHANGELOG.md: expected a heading "## ${version} - YYYY-MM-DD", found none`);
  if (section?.text === "") problems.push(`CHANGELOG.md: expected text under ${version}, found none`);
  if ((sections.get("Unreleased")?.text ?? "") !== "")
    problems.push(
      `CHANGELOG.md: expected nothing under "Unreleased", found some. Try: move it below ${version}`,
    );
  // npm refuses a package if its provenance and package.json name different repositories.
  const here = process.env.GITHUB_REPOSITORY ?? "";
  const url = typeof repository === "string" ? repository : (repository?.url ?? "");
  if (url === "" || !url.toLowerCase().includes(here.toLowerCase()))
    problems.push(
      `package.json repository: expected the address of ${here || "this repository"}, found "${url}"`,
    );
}

for (const problem of problems) console.error(`release-check: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`${version}${tag === undefined ? " in every file" : " can be released"}`);
