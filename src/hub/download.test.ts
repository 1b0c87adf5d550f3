/** Downloads from a hub that cuts connections, corrupts bytes, stalls and limits rates. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Fault, sha256 } from "../../test/support/hub-server.ts";
import {
  cache,
  fetched,
  gets,
  names,
  partial,
  server,
  small,
  spoil,
  weights,
} from "../../test/support/hub-world.ts";

/** Announces the whole file, sends up to byte `end` and closes the connection. */
const cutAt =
  (end: number): Fault =>
  ({ range }, response, body) => {
    const from = Number(/\d+/.exec(range ?? "")?.[0] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": body.length - from,
      ...(from > 0 ? { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    });
    response.write(body.subarray(from, end), () => response.destroy());
    return true;
  };

describe("a bad connection", () => {
  it("that is cut is resumed at the same place", async () => {
    spoil(1, cutAt(1_000_000));
    spoil(1, cutAt(2_000_000));
    const seen: number[] = [];
    const path = await fetched("org/tiny", { watcher: { fetching: (_, { done }) => seen.push(done) } });
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
    const ranges = gets().flatMap(({ host, range }) => (host === "storage" ? [range] : []));
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBe(null);
    for (const [i, most] of [1_000_000, 2_000_000].entries()) {
      const from = Number(/^bytes=(\d+)-$/.exec(ranges[i + 1]!)![1]);
      expect(from).toBeGreaterThan(0);
      expect(from).toBeLessThanOrEqual(most);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(weights.length + Object.values(small).join("").length);
  });

  it("that is cut every time is resumed by the next command", async () => {
    const forever: Fault = (asked, response, body) =>
      asked.host === "storage" && cutAt(1_000_000)(asked, response, body);
    server.faults.push(forever);
    await expect(fetched("org/tiny")).rejects.toThrow(/in 4 attempts, found .*what has arrived is kept/);
    const kept = readFileSync(partial());
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.equals(weights.subarray(0, kept.length))).toBe(true);
    expect(existsSync(join(cache, "models--org--tiny/refs/main"))).toBe(false);
    server.faults.length = 0;
    server.asked.length = 0;
    const begun: { done: number; resumed: number }[] = [];
    await fetched("org/tiny", { watcher: { fetching: (_, bytes) => begun.push(bytes) } });
    expect(begun[0]!.resumed).toBeGreaterThanOrEqual(kept.length);
    expect(
      gets()
        .map(({ range }) => range)
        .filter(Boolean),
    ).toContain(`bytes=${kept.length}-`);
    expect(existsSync(partial())).toBe(false);
  });

  it("that stalls is closed and resumed", async () => {
    spoil(1, (_, response, body) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 500_000));
      return true;
    });
    const waits: string[] = [];
    const path = await fetched("org/tiny", { watcher: { waiting: (reason) => waits.push(reason) } });
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
    expect(waits).toEqual(["nothing for 0.4 s"]);
  });

  it("that no longer answers is given up on", async () => {
    spoil(Infinity, () => true);
    await expect(fetched("org/tiny")).rejects.toThrow("in 4 attempts, found nothing for 0.4 s");
  });

  it("that never answers is soon given up on: there may be no network", async () => {
    const waits: string[] = [];
    const watcher = { waiting: (reason: string) => waits.push(reason) };
    const nowhere = { watcher, endpoint: "http://127.0.0.1:1" };
    await expect(fetched("org/tiny", nowhere)).rejects.toThrow(
      /http:\/\/127.0.0.1:1 to be reached, found .*(ECONNREFUSED|bad port).*HF_HUB_OFFLINE=1/,
    );
    expect(waits).toHaveLength(1);
    server.faults.push(() => true);
    await expect(fetched("org/tiny", { watcher })).rejects.toThrow("to be reached, found nothing for 0.4 s");
    expect(waits).toHaveLength(2);
  });

  it("that ignores ranges starts over", async () => {
    spoil(1, cutAt(1_000_000));
    spoil(1, (_, response, body) => {
      response.writeHead(200, { "content-length": body.length }).end(body);
      return true;
    });
    const path = await fetched("org/tiny");
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("that ignores ranges and is always cut is given up on", async () => {
    spoil(Infinity, (asked, response, body) => cutAt(1_000_000)({ ...asked, range: null }, response, body));
    await expect(fetched("org/tiny")).rejects.toThrow("in 4 attempts");
  });

  it("that changes bytes is noticed: once is repaired, twice is an error", async () => {
    const corrupt: Fault = (_, response, body) => {
      const bytes = Buffer.from(body);
      bytes[1_500_000]! ^= 1;
      response.writeHead(200, { "content-length": body.length }).end(bytes);
      return true;
    };
    spoil(2, corrupt);
    await expect(fetched("org/tiny")).rejects.toThrow(
      `org/tiny model.safetensors: expected bytes of hash ${sha256(weights)}, found others, 2 times`,
    );
    expect(names(join(cache, "models--org--tiny/blobs"))).not.toContain(sha256(weights));
    spoil(1, corrupt);
    const path = await fetched("org/tiny");
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("that changes a small file is noticed by git's hash", async () => {
    server.faults.push(({ method, path }, response, body) => {
      if (method !== "GET" || !path.endsWith("/config.json")) return false;
      response.writeHead(200, { "content-length": body.length }).end(Buffer.from(body).fill(32));
      return true;
    });
    await expect(fetched("org/tiny")).rejects.toThrow(
      /org\/tiny config\.json: expected bytes of hash [0-9a-f]{40},/,
    );
  });

  it("that sends too much is stopped", async () => {
    spoil(Infinity, (_, response, body) => {
      response.writeHead(200).end(Buffer.concat([body, body]));
      return true;
    });
    await expect(fetched("org/tiny")).rejects.toThrow(
      `sends more than the ${weights.length} bytes of the file`,
    );
  });

  it("left an incomplete file, which is used unless it is too long", async () => {
    mkdirSync(join(cache, "models--org--tiny/blobs"), { recursive: true });
    for (const [left, range] of [
      [weights.subarray(0, 7), "bytes=7-"],
      [Buffer.alloc(weights.length + 1), null],
    ] as const) {
      rmSync(join(cache, "models--org--tiny/blobs", sha256(weights)), { force: true });
      rmSync(join(cache, "models--org--tiny/snapshots"), { recursive: true, force: true });
      writeFileSync(partial(), left);
      server.asked.length = 0;
      await fetched("org/tiny");
      expect(gets().find(({ host }) => host === "storage")!.range).toBe(range);
    }
  });
});

describe("a rate limit", () => {
  const limited =
    (headers: Record<string, string>): Fault =>
    (_, response) => {
      response.writeHead(429, headers).end();
      return true;
    };
  const waitsOf = async () => {
    const waits: number[] = [];
    await fetched("org/tiny", { watcher: { waiting: (_, milliseconds) => waits.push(milliseconds) } });
    return waits;
  };

  it("is followed by a wait as long as it asks for", async () => {
    spoil(1, limited({ "retry-after": "1" }));
    expect(await waitsOf()).toEqual([1000]);
  });

  it("is read from the hub's own header, too; without a header the wait doubles", async () => {
    spoil(1, limited({ ratelimit: '"api";r=0;t=1' }));
    spoil(2, limited({}));
    expect(await waitsOf()).toEqual([1000, 10, 20]);
  });

  it("that asks for hours is an error", async () => {
    spoil(1, limited({ "retry-after": "7200" }));
    await expect(fetched("org/tiny")).rejects.toThrow(
      "found rate limit (HTTP 429), asked to wait 7200 s. Try: the same command then; with HF_TOKEN",
    );
  });
});
