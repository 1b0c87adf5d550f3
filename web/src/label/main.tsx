/** Starts the page on which people label answers. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { LabelPage } from "./label-page.tsx";
import { serverOf } from "./server.ts";
import "../styles/base.css";
import "./label.css";

const root = document.getElementById("root");
if (root === null) throw new Error("label page: expected an element #root, found none");
// The token stands behind the #, which browsers send to nobody.
createRoot(root).render(
  <StrictMode>
    <LabelPage server={serverOf(location.hash.slice(1))} />
  </StrictMode>,
);
