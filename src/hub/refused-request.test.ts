/** A refusal of the hub ends in a message that says what to do. The token is sent to no other host. */
import { describe, expect, it } from "vitest";
import { type Repository, repositoryOf } from "../../test/support/hub-server.ts";
import { checkpoint, fetched, gets, server } from "../../test/support/hub-world.ts";

describe("a refusal says what to do", () => {
  const repository = (about: Partial<Repository>) => {
    server.repositories.set("org/closed", repositoryOf(checkpoint, about));
  };

  it.each([
    [
      "no such repository",
      "org/none",
      null,
      /neither, or a private repository that needs a token\. Try: check the name/,
    ],
    ["no such repository, with a token", "org/none", "hf_me", /that this token may not read/],
    ["no such revision", "org/tiny@v9", null, /expected a branch, tag or commit of it, found "v9"/],
    [
      "a token that is none",
      "org/tiny",
      "hf_BAD",
      /expected a token that the hub knows, found one that it refuses/,
    ],
  ])("%s", async (_, text, token, message) => {
    await expect(fetched(text, { token })).rejects.toThrow(message);
    expect(server.asked).toHaveLength(1);
  });

  it("a gated repository", async () => {
    repository({ gated: true, token: "hf_friend" });
    await expect(fetched("org/closed")).rejects.toThrow(
      `found no token. Try: accept its conditions at ${server.endpoint}/org/closed, then set HF_TOKEN`,
    );
    await expect(fetched("org/closed", { token: "hf_stranger" })).rejects.toThrow(
      "found a token whose account has no access. Try: accept its conditions",
    );
    await fetched("org/closed", { token: "hf_friend" });
  });

  it("a private repository", async () => {
    repository({ token: "hf_friend" });
    await expect(fetched("org/closed")).rejects.toThrow("needs a token");
    await fetched("org/closed", { token: "hf_friend" });
  });

  it("a checkpoint without a tokenizer, before its weights are fetched", async () => {
    const { "tokenizer.json": _, ...rest } = checkpoint;
    server.repositories.set("org/half", repositoryOf(rest));
    await expect(fetched("org/half")).rejects.toThrow(
      "org/half: expected the file tokenizer.json, found none",
    );
    expect(gets()).toEqual([]);
  });

  it("a server that is not a hub", async () => {
    server.faults.push((_, response) => {
      response.writeHead(200).end("<html>Please log in to the network</html>");
      return true;
    });
    await expect(fetched("org/tiny")).rejects.toThrow("found something else. Try: check HF_ENDPOINT");
  });
});

it("the token is sent to the hub and to no other host", async () => {
  await fetched("org/tiny", { token: "hf_me" });
  const sent = (host: string) =>
    new Set(server.asked.filter((asked) => asked.host === host).map(({ authorization }) => authorization));
  expect(sent("hub")).toEqual(new Set(["Bearer hf_me"]));
  expect(sent("storage")).toEqual(new Set([null]));
});

it("no message holds the token or a signed address", async () => {
  server.faults.push(({ host }, response) => {
    if (host === "storage") response.destroy();
    return host === "storage";
  });
  const messages: string[] = [];
  const watcher = { waiting: (reason: string) => messages.push(reason) };
  await fetched("org/tiny", { token: "hf_secret", watcher }).catch((error: unknown) =>
    messages.push(String(error)),
  );
  expect(messages).toHaveLength(4);
  for (const message of messages) expect(message).not.toMatch(/hf_secret|signature/);
});
