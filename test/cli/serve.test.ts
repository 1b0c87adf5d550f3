/** `fathom serve` as a process: its one line, its token, and its end. */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { bundledModel } from "../support/served-model.ts";
import { copyOf, fathom, finished, lines, scratch, sendable, start } from "./fathom.ts";

const folder = scratch();
const args = ["serve", "--model", bundledModel, "--threads", "1", "--quiet"];

/** Starts the command, and waits for its line. */
async function serving(more: readonly string[], env: Record<string, string> = {}) {
  const child = start([...args, ...more], { env: { FATHOM_SERVE_TOKEN: "", ...env } });
  const stderr = text(child.stderr);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const said = line.toString("utf8");
  const [, url = "", from = ""] = /^demo at (http:\/\/127\.0\.0\.1:\d+\/v1), token (.*)\n$/.exec(said) ?? [];
  expect(url).not.toBe("");
  const status = async (token: string) =>
    (await fetch(`${url}/models`, { headers: { authorization: `Bearer ${token}` } })).status;
  return { child, url, from, said, stderr, status };
}

test("a token is made for each run, and printed once", async () => {
  const { child, from, stderr, status } = await serving([]);
  expect(from).toMatch(/^fathom-[\w-]{32}$/);
  expect([await status(from), await status("other")]).toEqual([200, 401]);
  child.kill("SIGKILL");
  expect(await stderr).toBe("");
});

test.each([
  ["--token", ["--token", "ours"], { FATHOM_SERVE_TOKEN: "not this one" }],
  ["FATHOM_SERVE_TOKEN", [], { FATHOM_SERVE_TOKEN: "ours" }],
])("a token from %s is not printed", async (name, more, env) => {
  const { child, from, said, stderr, status } = await serving(more, env);
  expect(from).toBe(`from ${name}`);
  expect([await status("ours"), await status("not this one")]).toEqual([200, 401]);
  child.kill("SIGKILL");
  expect(said + (await stderr)).not.toContain("ours");
});

test.each(sendable(["SIGINT", "SIGTERM", "SIGKILL"]).filter((signal) => signal !== "SIGKILL"))(
  "%s ends open requests with an error, and then the server",
  async (signal) => {
    const { child, url, from, stderr } = await serving([]);
    const open = fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${from}` },
      body: JSON.stringify({
        model: "demo",
        messages: [{ role: "user", content: "Name every number." }],
        temperature: 2,
        max_tokens: 480,
      }),
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill(signal);
    const [code] = (await once(child, "close")) as [number];
    const reply = await open;
    // The answer may have ended before the signal came.
    if (reply.status !== 200) {
      expect(reply.status).toBe(503);
      expect(await reply.json()).toMatchObject({ error: { message: "the server is closing" } });
    }
    expect(code).toBe(130);
    expect(lines(await stderr)).toEqual(["fathom: interrupted. Open requests are ended"]);
  },
);

test("what cannot be served is one line", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const busy = await finished([...args, "--port", String(port)]);
  taken.close();
  expect(busy).toMatchObject({ code: 1, stdout: "" });
  expect(busy.stderr).toBe(
    `fathom: --port ${port}: expected a port that is free, found EADDRINUSE. Try: another port, or 0\n`,
  );
  const spaced = fathom([...args, "--token", "two words"]);
  expect(spaced).toMatchObject({ code: 2, stdout: "" });
  expect(spaced.stderr).toMatch(/^fathom: --token: expected a text of visible ASCII characters/);
  expect(spaced.stderr).not.toContain("words");
  const untold = copyOf("llama-gqa-bias", folder, "without-tokenizer");
  rmSync(join(untold, "tokenizer.json"));
  const bare = fathom(["serve", "--model", untold, "--quiet"]);
  expect(bare).toMatchObject({ code: 2, stdout: "" });
  expect(lines(bare.stderr)).toHaveLength(1);
  expect(fathom([...args, "--host", "0.0.0.0"]).stderr).toContain("unknown option '--host'");
});
