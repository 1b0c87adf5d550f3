/** The hub, its cache and the token come from the environment. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cache } from "../../test/support/hub-world.ts";
import { hubOf } from "./hub.ts";

describe("the environment", () => {
  const from = (environment: Record<string, string>) => hubOf({}, { HF_HOME: "/none", ...environment });

  it("sets endpoint, token, offline mode and cache", () => {
    expect(from({})).toMatchObject({
      endpoint: "https://huggingface.co",
      token: null,
      offline: false,
      cache: "/none/hub",
      symlinks: true,
    });
    expect(
      from({ HF_ENDPOINT: "http://mirror/hf/", HF_HUB_OFFLINE: "1", HF_HUB_DOWNLOAD_TIMEOUT: "3" }),
    ).toMatchObject({
      endpoint: "http://mirror/hf",
      offline: true,
      patience: { stall: 3000 },
    });
    expect(from({ HF_HUB_OFFLINE: "0", TRANSFORMERS_OFFLINE: "1" }).offline).toBe(false);
    expect(from({ TRANSFORMERS_OFFLINE: "yes" }).offline).toBe(true);
    expect(from({ BASE: "/b", HF_HUB_CACHE: "$BASE/c" }).cache).toBe("/b/c");
  });

  it("holds the token, or names the file that does", () => {
    writeFileSync(join(cache, "token"), "hf_file\n");
    expect(hubOf({}, { HF_HOME: cache }).token).toBe("hf_file");
    expect(hubOf({}, { HF_HOME: cache, HF_TOKEN: " hf_variable\n" }).token).toBe("hf_variable");
    expect(hubOf({}, { HF_HOME: cache, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }).token).toBe(null);
  });

  it("is refused if a value makes no sense", () => {
    for (const endpoint of ["huggingface.co", "ftp://hub", "https://me:secret@hub"])
      expect(() => from({ HF_ENDPOINT: endpoint })).toThrow(/^HF_ENDPOINT: expected an address/);
    expect(() => from({ HF_ENDPOINT: "https://me:secret@hub" })).not.toThrow("secret");
    expect(() => from({ HF_HUB_DOWNLOAD_TIMEOUT: "soon" })).toThrow("seconds above 0");
    const secret = `hf_${createHash("md5").digest("hex")}`;
    expect(() => from({ HF_TOKEN: `${secret}\n${secret}` })).toThrow(/^HF_TOKEN: expected a token/);
    expect(() => from({ HF_TOKEN: `${secret}\n${secret}` })).not.toThrow(secret);
  });
});
