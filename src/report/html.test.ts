import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { syntheticReport } from "../../test/support/synthetic-report.ts";
import { escapeHtml, inertJson, renderHtml } from "./html.ts";
import { readTemplate, templatePath } from "./page-template.ts";

const template = `<title>Fathom report</title><script type="application/json" id="fathom-data">null</script><p>`;

describe("inertJson", () => {
  it("parses to the same value, and holds nothing that ends or opens an element or a line", () => {
    const hostile = fc.string({
      unit: fc.constantFrom(
        "<",
        "/",
        "script",
        ">",
        "!--",
        "\u2028",
        "\u2029",
        "$&",
        '"',
        "\\",
        "a",
        "\ud800",
      ),
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const json = inertJson({ text });
        expect(json).not.toMatch(/[<\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

describe("renderHtml", () => {
  it("puts hostile answers and titles into the page as data and text", () => {
    const hostile = "</script><script>alert(1)</script>$&$`<!--";
    const data = {
      ...syntheticReport({ prompts: 6, hostile, showText: true }),
      title: `a</title>${hostile}`,
    };
    const html = renderHtml(data, template);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain(`<title>${escapeHtml(data.title)}</title>`);
    const json = /id="fathom-data">(.*)<\/script><p>$/s.exec(html)?.[1];
    expect(JSON.parse(json ?? "")).toEqual(data);
  });

  it("throws for a template without a place for the data or with two, and for data that breaks the schema", () => {
    const data = syntheticReport({ prompts: 2 });
    expect(() => renderHtml(data, "<title>Fathom report</title>")).toThrow(
      /report template: expected exactly one .* found 0/,
    );
    expect(() => renderHtml(data, template + template)).toThrow(/found 2/);
    expect(() => renderHtml({ ...data, schema: 2 } as never, template)).toThrow();
  });
});

describe("the built template", () => {
  it("forbids the network, runs only its own script, and refers to no other file", () => {
    const page = readTemplate();
    expect(page).toMatch(/default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src/);
    expect(page).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)="(?!data:)/);
    expect(renderHtml(syntheticReport({ prompts: 2 }), page)).toContain("mirrel-small-instruct</title>");
  });

  it("is found under build/ in a checkout and beside the code in the package", () => {
    expect(templatePath("/home/me/fathom/src/report")).toBe("/home/me/fathom/build/report-template.html");
    expect(templatePath("/lib/node_modules/fathom/dist/report")).toBe(
      "/lib/node_modules/fathom/dist/report-template.html",
    );
  });

  it("says what to do if it is missing", () => {
    expect(() => readTemplate("/nowhere/report-template.html")).toThrow(
      "/nowhere/report-template.html: expected the built report template, found ENOENT. Try: npm run setup",
    );
  });
});
