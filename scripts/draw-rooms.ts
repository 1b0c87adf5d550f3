/**
 * Draws docs/rooms.svg from the rules of .dependency-cruiser.cjs, so that picture and linter always agree. Run it with
 * `node_modules/.bin/node scripts/draw-rooms.ts`. test/rooms.test.ts fails while the picture is not up to date.
 *
 * An arrow points to a room that may be imported. It is left out where a longer way leads to the same room.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Graphviz } from "@hpcc-js/wasm-graphviz";

interface Rule {
  name: string;
  from: { path?: string };
  to: { path?: string; pathNot?: string | string[] };
}

const picture = new URL("../docs/rooms.svg", import.meta.url);

/** Each room with all rooms that it may import, subrooms by their own names. */
export function permissions(): Map<string, ReadonlySet<string>> {
  const { forbidden } = createRequire(import.meta.url)("../.dependency-cruiser.cjs") as { forbidden: Rule[] };
  const listed = new Map(
    forbidden
      .filter(({ name }) => name.endsWith("-imports-only-below"))
      .map(({ from, to }) => [roomOf(from.path!), [to.pathNot!].flat().map(roomOf)]),
  );
  const web = forbidden.find(({ name }) => name === "web-imports-only-core")!;
  listed.set("web", [roomOf(String(web.to.pathNot))]);
  // The command line has no list: it puts everything together, and no room may import it.
  listed.set(
    "cli",
    [...listed.keys()].filter((room) => room !== "web"),
  );
  const names = [...listed.keys()];
  return new Map(
    names.map((name) => {
      const below = listed.get(name)!.flatMap((room) => names.filter((other) => isIn(other, room)));
      return [name, new Set(below.filter((other) => !isIn(name, other)))];
    }),
  );
}

/** From a rule's pattern, `^src/model/ort/`, to the room, `model/ort`. */
function roomOf(pattern: string): string {
  const room = /^\^src\/(.+)\/$/.exec(pattern)?.[1];
  if (room === undefined)
    throw new Error(`expected the pattern of a room, as in ^src/model/ort/, got ${pattern}`);
  return room;
}

const isIn = (room: string, other: string): boolean => room === other || room.startsWith(`${other}/`);

/** All arrows except those that a longer way replaces. */
function arrows(rooms: Map<string, ReadonlySet<string>>): [from: string, to: string][] {
  const reaches = (from: string, to: string): boolean =>
    [...rooms.get(from)!].some((next) => next === to || reaches(next, to));
  return [...rooms].flatMap(([from, below]) =>
    [...below]
      .filter((to) => ![...below].some((between) => between !== to && reaches(between, to)))
      .map((to): [string, string] => [from, to]),
  );
}

/** The picture in Graphviz' language. Rooms that share a beginning, as in `model/ort`, stand in one frame. */
function drawing(rooms: Map<string, ReadonlySet<string>>): string {
  const houses = new Set(
    [...rooms.keys()].filter((room) => room.includes("/")).map((room) => room.split("/")[0]!),
  );
  const node = (room: string) => `"${room}" [label="${room.split("/").at(-1)!}"];`;
  const frames = [...houses].map((house) => {
    const inside = [...rooms.keys()].filter((room) => isIn(room, house));
    return `subgraph "cluster_${house}" { label="${house}"; ${inside.map(node).join(" ")} }`;
  });
  const alone = [...rooms.keys()].filter((room) => !houses.has(room.split("/")[0]!)).map(node);
  const lines = arrows(rooms).map(([from, to]) => `"${from}" -> "${to}";`);
  return `digraph rooms {
    graph [rankdir=TB, bgcolor="white", fontname="Helvetica", fontsize=13, ranksep=0.45, nodesep=0.3, pad=0.2,
      style="rounded,filled", color="#b8c4d0", fillcolor="#eef3f8", labeljust="l"];
    node [shape=box, style="rounded,filled", color="#35506b", fillcolor="white", fontcolor="#1b2a38",
      fontname="Helvetica", fontsize=13, height=0.35, margin="0.14,0.05"];
    edge [color="#5b7287", arrowsize=0.6];
    ${[...frames, ...alone, ...lines].join("\n    ")}
  }`;
}

/** The text of docs/rooms.svg. */
export async function roomsSvg(): Promise<string> {
  const graphviz = await Graphviz.load();
  const svg = graphviz.dot(drawing(permissions()));
  const title = "The rooms of Fathom: an arrow points to what a room may import";
  // Graphviz writes its version into a comment. The picture must not change with it.
  return `${svg
    .replace(/<!--[\s\S]*?-->\n?/g, "")
    .replace(/<title>rooms<\/title>/, `<title>${title}</title>`)
    .trim()}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const svg = await roomsSvg();
  if (svg !== readFileSync(picture, { encoding: "utf8", flag: "a+" })) writeFileSync(picture, svg);
}
