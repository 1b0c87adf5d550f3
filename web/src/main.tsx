/** Starts the page for the report whose data is in it. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AnatomyReport } from "./anatomy-report.tsx";
import { ComparisonReport } from "./comparison-report.tsx";
import { Answers } from "./lib/answers.ts";
import { type Page, readPage } from "./lib/data.ts";
import { Report } from "./report.tsx";
import { SaeReport } from "./sae-report.tsx";
import "./styles/base.css";
import "./styles/page.css";
import "./styles/top.css";
import "./styles/figures.css";
import "./styles/tables.css";
import "./styles/prompts.css";
import "./styles/features.css";
import "./styles/anatomy.css";
import "./styles/print.css";

const root = document.getElementById("root");
if (root === null) throw new Error("report page: expected an element #root, found none");

const page = readPage(document.getElementById("fathom-data")?.textContent ?? null);
createRoot(root).render(<StrictMode>{pageOf(page)}</StrictMode>);

function pageOf(page: Page) {
  switch (page.kind) {
    case "audit":
      return <Report data={page.data} answers={new Answers(page.data)} />;
    case "sae":
      return <SaeReport data={page.data} />;
    case "anatomy":
      return <AnatomyReport data={page.data} />;
    case "comparison":
      return <ComparisonReport data={page.data} />;
    case "problem":
      return <p className="problem">{page.problem}</p>;
  }
}
