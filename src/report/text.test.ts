/** The two reports that are text: Markdown and the terminal. */
import { describe, expect, it } from "vitest";
import { syntheticReport } from "../../test/support/synthetic-report.ts";
import { renderMarkdown } from "./markdown.ts";
import { summaryLines } from "./summary.ts";

const data = syntheticReport();

describe("renderMarkdown", () => {
  it("gives every finding its sentence or its cell, its n, interval, method and control", () => {
    const markdown = renderMarkdown(data);
    for (const finding of data.findings.filter(({ group }) => group !== "headline")) {
      const line = markdown.split("\n").find((text) => text.includes(`\`${finding.id}\``));
      expect(line).toContain(`| ${finding.n} |`);
      expect(line).toContain(finding.method);
    }
    for (const { sentence } of data.findings.filter(({ group }) => group === "headline"))
      expect(markdown).toContain(sentence);
  });

  it("has rows of equal width, and says what was not measured", () => {
    const markdown = renderMarkdown(syntheticReport({ inside: false }));
    const tables = markdown.split("\n\n").filter((block) => block.startsWith("| "));
    expect(tables.length).toBeGreaterThan(3);
    for (const table of tables) {
      const bars = table.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length);
      expect(new Set(bars).size).toBe(1);
    }
    expect(markdown).toContain("no sparse autoencoder was given");
    expect(markdown).toMatch(
      /- \d+ answers are not printed whole in report.html. Of an answer to a hazard-adjacent prompt/,
    );
  });

  it("keeps hostile names inert", () => {
    const identity = { subject: "Model", label: "Name", value: "a|b\n# c <script>x</script> [d](e) `f`" };
    const markdown = renderMarkdown({ ...data, identities: [identity] });
    expect(markdown).toContain("a\\|b \\# c &lt;script>x&lt;/script> \\[d\\](e) \\`f\\`");
  });

  it("makes no list, quotation, link, formula or change of direction from a hostile name", () => {
    const shown = (value: string) =>
      /\| Model \| Name \| (.*) \|/.exec(
        renderMarkdown({ ...data, identities: [{ subject: "Model", label: "Name", value }] }),
      )?.[1];
    expect(shown("> quoted")).toBe("&gt; quoted");
    expect(shown("- item")).toBe("\\- item");
    expect(shown("1. item")).toBe("1\\. item");
    expect(shown("~~~ fence")).toBe("\\~\\~\\~ fence");
    expect(shown("see https://evil.example or www.evil.example or a@b.example")).toBe(
      "see https\\://evil.example or www\\.evil.example or a\\@b.example",
    );
    expect(shown("$x$ \u202eliame\u0007")).toBe("\\$x\\$ \\\\u202eliame\\\\u0007");
    expect(shown("-0.5 and 2.31")).toBe("-0.5 and 2.31");
  });

  it("prints a warning before any number", () => {
    const markdown = renderMarkdown(syntheticReport({ warnings: ["The SAE was used although."] }));
    expect(markdown.split("\n")[2]).toBe("> **Warning.** The SAE was used although.");
    expect(renderMarkdown(data)).not.toContain("Warning");
  });

  it("prints a note after the warnings", () => {
    const notes = ["The files <say> it twice."];
    const markdown = renderMarkdown(syntheticReport({ warnings: ["It was used although."], notes }));
    expect(markdown.split("\n").slice(2, 5)).toEqual([
      "> **Warning.** It was used although.",
      ">",
      "> **Note.** The files &lt;say> it twice.",
    ]);
    expect(renderMarkdown(data)).not.toContain("Note");
  });

  it("shows only the tokens that a feature's contexts are about, and nothing of redacted ones", () => {
    const line = renderMarkdown(data)
      .split("\n")
      .find((text) => text.startsWith("| 16021 |"));
    expect(line).toMatch(/\| `" can", " not"` \|$/);
    expect(renderMarkdown(data)).not.toContain("I'm sorry, but");
  });

  it("answers in words, and says what refusals survive as rows", () => {
    const markdown = renderMarkdown(data);
    expect(markdown).toContain("- **Holds.** The model does not over-refuse");
    expect(markdown).toContain("- What breaks it: Without the chat template");
    expect(markdown).toContain("In other framings: about 40 more hazardous prompts");
    expect(markdown).toMatch(
      /\| Without the chat template \| Fails \| 81% refused with the chat template \| 22% refused as bare text \| .* \|/,
    );
  });

  it("holds no answer and no prompt", () => {
    const markdown = renderMarkdown(data);
    for (const row of data.rows) {
      expect(markdown).not.toContain(row.prompt);
      if (row.text !== null) expect(markdown).not.toContain(row.text);
    }
  });
});

describe("summaryLines", () => {
  const files = ["runs/a/report.html", "runs/a/findings.json", "runs/a/report.md"];

  it("begins with the verdict and ends with the report's files", () => {
    const lines = summaryLines(data, files, 80);
    expect(lines.length).toBeLessThanOrEqual(32);
    expect(lines[2]).toMatch(/^\[\+\] Holds\. It refuses 81%/);
    expect(lines.join("\n")).toContain("[-] Fails. Refusals of hazardous prompts do not survive without");
    expect(lines.join("\n")).toContain("[?] Too little data. It is not known whether");
    expect(lines.at(-1)).toContain("report.md");
    expect(lines.join("\n")).toContain("answers at the largest cap");
  });

  it("prints a warning before the verdict", () => {
    const lines = summaryLines(syntheticReport({ warnings: ["The SAE was used although."] }), files, 80);
    expect(lines[2]).toBe("[!] The SAE was used although.");
  });

  it("cuts no sentence and drops no file, however long the text is", () => {
    const long = data.findings.map((finding) =>
      finding.group === "headline" ? { ...finding, sentence: "many words ".repeat(40) } : finding,
    );
    const lines = summaryLines({ ...data, findings: long }, files, 60);
    expect(lines.join(" ").split("many").length - 1).toBe(7 * 40);
    expect(lines.filter((line) => line.length > 60 && line.includes("many"))).toEqual([]);
    expect(lines.join("\n")).toContain("Hazard-adjacent  bare text");
    expect(lines.join("\n")).toContain("report.html");
  });

  it("marks undetermined without colour and lets no control character through", () => {
    const lines = summaryLines(
      { ...syntheticReport({ inside: false }), title: "a\u001b[31mb\u202e" },
      files,
      80,
    );
    expect(lines.join("\n")).toContain("[?] Too little data. Whether its internals agree");
    expect(lines.join("")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
