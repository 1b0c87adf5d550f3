/** Texts that name a repository of the hub, and texts that do not. */
import { describe, expect, it } from "vitest";
import { isInside, parseReference } from "./reference.ts";

describe("references", () => {
  it.each([
    ["org/name", { repo: "org/name", revision: "main", path: null }],
    ["org/name@refs/pr/1", { repo: "org/name", revision: "refs/pr/1", path: null }],
    ["org/name:q/m.gguf", { repo: "org/name", revision: "main", path: "q/m.gguf" }],
    ["org/name@v1.0:m.gguf", { repo: "org/name", revision: "v1.0", path: "m.gguf" }],
  ])("%s", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  it.each([
    ...[
      "model",
      "./org/name",
      "../org/name",
      "/org/name",
      "org/name/",
      "org/name/more",
      "org/name.gguf",
      "C:\\org",
    ],
    ...[
      "org//name",
      "org/na--me",
      "org/name:../x",
      "org/name:/x",
      "org/name@../x",
      "org/name@",
      "org/name:",
      "~/org",
    ],
    ...[`org/${"n".repeat(100)}`, "org/na me", "org/name:a\\b"],
  ])("%j names no repository", (text) => {
    expect(parseReference(text)).toBe(null);
  });
});

describe("names of files", () => {
  it.each([
    "con",
    "NUL.json",
    "sub/aux.tar.gz",
    "com1",
    "LPT¹.txt",
    "dot.",
    "space ",
    "folder./config.json",
    "a\tb",
  ])("%j cannot be a file on Windows", (name) => {
    expect(isInside(name, "win32")).toBe(false);
    expect(isInside(name, "linux")).toBe(true);
  });

  it.each([
    "config.json",
    "console.py",
    "sub/null.json",
    "com10",
    ".gitattributes",
    "a b.txt",
    "v1.0/auxiliary",
  ])("%j can be a file everywhere", (name) => {
    expect(isInside(name, "win32")).toBe(true);
    expect(isInside(name, "linux")).toBe(true);
  });

  it.each(["../x", "a/../../x", "/x", "a//b", "C:\\x", "C:x", "a\\b", "x:stream"])(
    "%j leads elsewhere",
    (name) => {
      expect(isInside(name, "win32")).toBe(false);
      expect(isInside(name, "linux")).toBe(false);
    },
  );
});
