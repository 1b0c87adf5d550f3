/** Nothing of a stranger's text steers a terminal, turns the reading or hides; and nothing of it is lost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { badInput } from "./errors.ts";
import { visible, visibleLine, withoutSecrets } from "./visible.ts";

const steering = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom("a", " ", '"', "\\", "é", "漢", "🌿", "\n", "\t", "\r", "\u001b", "\u009b", "\u007f"),
    fc.constantFrom(
      "\u202e",
      "\u2066",
      "\u200d",
      "\u2028",
      "\ufeff",
      "\u{e0041}",
      "\ud800",
      "\udc00",
      "\u3164",
    ),
  ),
});

describe("visible", () => {
  it("shows what would not be seen, and leaves what is read alone", () => {
    expect(visible("a\u001b[2Jb\u202ec\u{e0041}")).toBe("a\\u001b[2Jb\\u202ec\\udb40\\udc41");
    const read = "é 漢字 🌿 ❤️ −0.5 ✓ ﷽\nمرحبا";
    expect(visible(read)).toBe(read);
  });

  it("leaves nothing that steers, and JSON the same document", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(visible(text).replaceAll("\n", "")).not.toMatch(steering);
        expect(visibleLine(text)).not.toMatch(steering);
        expect(JSON.parse(visible(JSON.stringify({ [text]: [text] })))).toEqual({ [text]: [text] });
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
  });

  it("makes one line of several", () => {
    expect(visibleLine("a\r\nfathom: all is well\u2028b\tc")).toBe("a fathom: all is well b c");
  });
});

describe("withoutSecrets", () => {
  it.each([
    ["at https://me:hunter2@hub.example/org/name now", "at https://…@hub.example/org/name now"],
    ["https://me:p@ss@hub.example/x", "https://…@hub.example/x"],
    ["HTTP://tok@hub.example", "HTTP://…@hub.example"],
    ["https://h.example/f?X-Amz-Signature=abc&size=3", "https://h.example/f?X-Amz-Signature=…&size=3"],
    ["https://h.example/f?size=3&access_token=abc", "https://h.example/f?size=3&access_token=…"],
    ["Bearer hf_AbCdEfGh1234", "Bearer hf_…"],
    ["https://h.example/org/name@main:file.gguf", "https://h.example/org/name@main:file.gguf"],
    ["org/name@refs/pr/3", "org/name@refs/pr/3"],
  ])("%s", (text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });

  it("is what messages say of an address", () => {
    const { message } = badInput(
      "ftp://me:hunter2@h.example",
      "a folder",
      "nothing",
      "https://a:b@c.example",
    );
    expect(message).toBe("ftp://…@h.example: expected a folder, found nothing. Try: https://…@c.example");
  });
});
