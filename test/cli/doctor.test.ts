/** doctor: its output on a good machine, on a broken one, and for folders of models. */
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hubCache } from "../../src/hub/cache-path.ts";
import { copyOf, fathom, fixture, lines, scratch } from "./fathom.ts";

const folder = scratch();

interface Doctor {
  broken: number;
  checks: { name: string; status: string; detail: string }[];
}

test("a machine that can run audits", () => {
  const { code, stdout, stderr } = fathom(["doctor", "--json"]);
  const { broken, checks } = JSON.parse(stdout) as Doctor;
  expect(stderr).toBe("");
  expect(checks.find(({ name }) => name === "ONNX Runtime")).toMatchObject({
    status: "ok",
    detail: expect.stringContaining("computes a matrix product correctly") as string,
  });
  for (const device of ["webgpu", "cuda"]) {
    const { status, detail } = checks.find(({ name }) => name === `--device ${device}`)!;
    // A missing optional device is not an error: doctor says what it needs.
    expect(detail).toMatch(
      status === "ok" ? /^computes a matrix product correctly$/ : /^not here: (needs a|its driver ended)/,
    );
    expect(["ok", "note"]).toContain(status);
  }
  expect(broken).toBe(checks.filter(({ status }) => status === "broken").length);
  expect(code).toBe(broken === 0 ? 0 : 1);
});

test("a broken part is reported, with exit 1", () => {
  // There is no unsupported processor or system here to test on, so the library is made not to load.
  const hook = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from "node:module";
    registerHooks({ resolve(name, context, next) {
      if (name === "onnxruntime-node") throw new Error("GLIBC_9.99 not found");
      return next(name, context);
    } });
  `)}`;
  const { code, stdout, stderr } = fathom(["doctor"], { node: ["--import", hook] });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/BROKEN {2}ONNX Runtime +does not load: GLIBC_9\.99 not found\. Try: /);
  expect(code).toBe(1);
});

test("models: what opens, and why the others do not", () => {
  copyOf("llama-gqa-bias", folder, "good");
  truncateSync(join(copyOf("gemma2-caps", folder, "cut"), "model.safetensors"), 4000);
  const { code, stdout } = fathom(["doctor", "models", folder]);
  expect(code).toBe(0);
  expect(lines(stdout)).toEqual([
    expect.stringMatching(/^no {5}cut {2}expected .*, found /),
    "opens  good  LlamaForCausalLM, 3 layers, 48k parameters, chat template",
  ]);
  const json = JSON.parse(fathom(["doctor", "models", fixture("gguf"), "--json"]).stdout) as {
    models: object[];
  };
  expect(json.models).toMatchObject([{ path: fixture("gguf/tiny.gguf"), opens: true }]);
  expect(fathom(["doctor", "models", join(folder, "none")])).toMatchObject({ code: 2, stdout: "" });
});

test("the hub's cache is where huggingface_hub looks", () => {
  const all = {
    HF_HUB_CACHE: "/a",
    HUGGINGFACE_HUB_CACHE: "/b",
    HF_HOME: "/c",
    XDG_CACHE_HOME: "/d",
  };
  expect(hubCache(all)).toEqual({ path: "/a", from: "HF_HUB_CACHE" });
  expect(hubCache({ ...all, HF_HUB_CACHE: "" }).path).toBe("/b");
  expect(hubCache({ HF_HOME: "/c", XDG_CACHE_HOME: "/d" }).path).toBe("/c/hub");
  expect(hubCache({ XDG_CACHE_HOME: "/d" }).path).toBe("/d/huggingface/hub");
  expect(hubCache({}).path).toMatch(/\/\.cache\/huggingface\/hub$/);
});
