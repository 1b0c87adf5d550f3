/**
 * Keeps documents true: it compares the command line's page with the program, every link with the files, every command with
 * package.json, and the tour with the bundled model, which answers again.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { buildProgram } from "../src/cli/program.ts";
import { aboutSchema } from "../src/core/records/about.ts";
import { judge } from "../src/judges/rules.ts";
import { endsOf, textOf } from "../src/model/checkpoint/checkpoint.ts";
import { openModel } from "../src/model/model.ts";
import { decodeWithEnds } from "../src/model/text/decode-ends.ts";
import { loadPrompts } from "../src/prompts/load.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Folders that are made or installed, not written by hand. */
const made = ["node_modules", "runs", "build", "dist", "coverage", ".git"];
const pages = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (path) => path.endsWith(".md") && !made.includes(path.split(sep)[0]!),
);

const fences = /^( *)```[^\n]*\n([\s\S]*?)^\1```/gm;
const withoutCode = (text: string) => text.replace(fences, "").replace(/`[^`\n]*`/g, "");

describe("docs/cli.md", () => {
  const sections = new Map(
    read("docs/cli.md")
      .split(/^## /m)
      .flatMap((text): [string, string][] => {
        const verb = /^`fathom ([a-z ]+?)(?: [[<].*)?`\n/.exec(text)?.[1];
        return verb === undefined ? [] : [[verb, text]];
      }),
  );
  const verbs = new Map(leaves(buildProgram()).map((command) => [nameOf(command), command]));

  it("has a section for every verb, and for no other", () => {
    expect([...sections.keys()].sort()).toEqual([...verbs.keys()].sort());
  });

  it.each([...verbs])("names every option of %s, and no other", (verb, command) => {
    // A section names other verbs' options outside the first column of its table.
    const text = sections.get(verb)!;
    const rows = text.split("\n").filter((line) => line.startsWith("| `--"));
    const tabled = rows.flatMap((line) => line.split("|")[1]!.match(/--[a-z0-9-]+/g) ?? []);
    const told = tabled.length === 0 ? (text.match(/--[a-z0-9-]+/g) ?? []) : tabled;
    expect([...new Set(told)].sort()).toEqual(command.options.map(({ long }) => long!).sort());
  });

  it("names every kind of thing that a finding can be about, and no other", () => {
    const [, table = ""] = /\n\| `kind` .*\n\|---.*\n((?:\|.*\n)*)/.exec(read("docs/cli.md")) ?? [];
    const named = table.split("\n").flatMap((row) => row.split("|")[1]?.match(/[a-z_]+/g) ?? []);
    expect(named.sort()).toEqual(aboutSchema.options.map(({ shape }) => shape.kind.value).sort());
  });

  it("shows the arguments of every verb as the program takes them", () => {
    for (const [verb, command] of verbs) {
      const taken = command.registeredArguments.map((argument) =>
        argument.required ? ` <${argument.name()}>` : ` [${argument.name()}]`,
      );
      expect(sections.get(verb)).toMatch(new RegExp(`^\`fathom ${escaped(verb + taken.join(""))}\``));
    }
  });
});

describe.each(pages)("%s", (page) => {
  const text = read(page);

  it("links to files that exist", () => {
    const broken = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target) && !resolves(page, target));
    expect(broken).toEqual([]);
  });

  it("names scripts that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/\bnpm run ([a-z:]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it("shows commands that the program accepts", () => {
    const lines = [...text.matchAll(fences)].flatMap(([, , code]) => code!.split("\n"));
    const commands = lines.flatMap((line) => /^ *(?:npx )?fathom ([^#…]+)/.exec(line)?.[1] ?? []);
    const verbs = leaves(buildProgram());
    for (const line of commands) {
      const command = verbs
        .filter((known) => `${line.trim()} `.startsWith(`${nameOf(known)} `))
        .sort((a, b) => nameOf(b).length - nameOf(a).length)[0];
      expect(command, line).toBeDefined();
      const options = command!.options.map(({ long }) => long);
      expect(options, line).toEqual(expect.arrayContaining(line.match(/(?<= )--[a-z-]+/g) ?? []));
    }
  });
});

it("the tour describes what the bundled model does", async () => {
  const tour = read("docs/tour.md").replace(/\n> /g, " ");
  const id = /`(fiction-[\w-]+)`/.exec(tour)![1];
  const { prompts } = await loadPrompts("fiction");
  const prompt = prompts.find((known) => known.id === id)!;
  expect(tour).toContain(prompt.prompt);

  const model = await openModel(join(root, "organisms/demo"), { threads: 1 });
  try {
    const { template, tokenizer } = textOf(model.checkpoint);
    const endTokens = endsOf(model.checkpoint);
    const ids = template!.encode([{ role: "user", content: prompt.prompt }], { addGenerationPrompt: true });
    expect(tour).toContain(`\n${ids.join(" ")}\n`);
    let answer: { ids: number[]; finish: "stop" | "length" | "context" } | null = null;
    await model.generate(
      [{ id: prompt.id, ids, maxNewTokens: 64, temperature: 0, seed: 0 }],
      { endTokens, batchSize: 1, watch: [], captureLayers: [], edits: [] },
      (row) => (answer = row),
    );
    const { ids: said, finish } = answer!;
    const { text, ends } = decodeWithEnds(tokenizer, said);
    expect(tour).toContain(text);
    expect(tour).toContain(`after ${said.length} tokens, which begin \`${said.slice(0, 4).join(" ")}\``);
    for (const cap of [16, 32, 64]) {
      const { outcome } = judge({ text, tokenEnds: ends, finish, cap, prompt: prompt.prompt });
      expect(tour).toContain(`| ${cap} | \`${outcome}\` |`);
    }
  } finally {
    await model.close();
  }
});

/** Commands that run something themselves. */
function leaves(command: Command): Command[] {
  const below = command.commands.flatMap(leaves);
  const acts = command.parent !== null && !(command.name() === "sae" && below.length > 0);
  return acts ? [command, ...below] : below;
}

/** Without the program's own name: `sae inspect`. */
function nameOf(command: Command): string {
  const above = command.parent;
  return above === null || above.parent === null ? command.name() : `${nameOf(above)} ${command.name()}`;
}

function resolves(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? join(root, page) : join(root, dirname(page), path);
  if (relative(root, file).startsWith("..") || !existsSync(file)) return false;
  if (anchor === undefined) return true;
  const readable = statSync(file).isDirectory() ? join(file, "README.md") : file;
  return readFileSync(readable, "utf8")
    .split("\n")
    .some((line) => /^#+ /.test(line) && slug(line.replace(/^#+ /, "")) === anchor);
}

/** Makes the anchor of a heading as GitHub does. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
