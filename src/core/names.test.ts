import { expect, it } from "vitest";
import { nameOf } from "./names.ts";

it.each([
  ["/home/me/models/llama", "llama"],
  ["/home/me/models/llama/", "llama"],
  ["C:\\models\\llama", "llama"],
  ["C:/models/llama", "llama"],
  ["\\\\server\\share\\llama", "llama"],
  ["~/llama", "llama"],
  ["../llama", "llama"],
  ["./runs/llama", "llama"],
  ["file:///home/me/llama", "llama"],
  ["org/llama", "org/llama"],
  ["llama", "llama"],
  ["blocks.3.hook_resid_post", "blocks.3.hook_resid_post"],
  ["/", "/"],
])("%s is called %s", (path, name) => {
  expect(nameOf(path)).toBe(name);
});
