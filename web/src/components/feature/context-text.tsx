/** The text of a context, token by token. It shows how active the feature is on a token, and where in the text the token is. */

import { useState } from "react";
import { formatNumber } from "../../../../src/core/format.ts";
import type { SaeContext } from "../../../../src/core/records/sae-report.ts";
import { runsLeftward, tokenWithSigns, withSigns } from "../../lib/signs.ts";
import { DataTable } from "../table/data-table.tsx";

export type Colouring = "activation" | "position";

/** Number of shades, see styles/features.css. */
const shades = 5;

interface ContextTextProps {
  context: Omit<SaeContext, "kind">;
  /** The feature's largest activation. */
  largest: number;
  colouring: Colouring;
}

export function ContextText({ context, largest, colouring }: ContextTextProps) {
  const { tokens, activations, at, position, of, text, massive } = context;
  const first = position - at;
  const shade = (i: number) => {
    const part = colouring === "activation" ? activations[i]! / largest : (first + i + 1) / of;
    return part > 0 ? ` shade-${Math.min(shades, Math.ceil(part * shades))}` : "";
  };
  return (
    <>
      <blockquote className="text context" dir={runsLeftward(tokens.join("")) ? "rtl" : "ltr"}>
        {first > 0 && "… "}
        {tokens.map((token, i) => (
          <bdi
            key={i}
            className={`token${shade(i)}${activations[i]! > 0 ? " active" : ""}${i === at ? " peak" : ""}`}
            title={`token ${first + i + 1} of ${of}: ${activations[i]! > 0 ? formatNumber(activations[i]!) : "not active"}`}
          >
            {token === "" ? tokenWithSigns(token) : withSigns(token)}
          </bdi>
        ))}
        {first + tokens.length < of && " …"}
      </blockquote>
      <div className="caption">
        {formatNumber(activations[at]!)} on token {position + 1} of {of} · {text}
        {massive && " · a massive token: figures over ordinary tokens leave it out"}
        <TokenList context={context} />
      </div>
    </>
  );
}

/** The same as a table of numbers. It is made only when opened. */
function TokenList({ context }: { context: Omit<SaeContext, "kind"> }) {
  const [open, setOpen] = useState(false);
  const { tokens, activations, at, position } = context;
  return (
    <details
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>Token by token</summary>
      {open && (
        <DataTable
          caption="Activation on each token"
          head={["Token", "Position", "Activation"]}
          rows={tokens.map((token, i) => [
            <bdi key="token">{tokenWithSigns(token)}</bdi>,
            position - at + i + 1,
            formatNumber(activations[i]!),
          ])}
        />
      )}
    </details>
  );
}

/** A few words around the token, for a closed row. */
export function Glimpse({ context }: { context: Omit<SaeContext, "kind"> }) {
  const { tokens, at } = context;
  const [from, to] = [Math.max(0, at - 6), Math.min(tokens.length, at + 4)];
  return (
    <bdi className="glimpse">
      {from > 0 && "…"}
      {tokens.slice(from, to).map((token, i) =>
        from + i === at ? (
          <mark key={i}>
            <bdi>{token.trim() === "" ? tokenWithSigns(token) : withSigns(token)}</bdi>
          </mark>
        ) : (
          <bdi key={i}>{withSigns(token)}</bdi>
        ),
      )}
      {to < tokens.length && "…"}
    </bdi>
  );
}
