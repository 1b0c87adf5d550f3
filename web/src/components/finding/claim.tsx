/** One mark on the sounding line: a question, its verdict that can be read at a glance, and the numbers behind it. */
import type { ReactNode } from "react";
import type { Answering } from "../../../../src/shown/verdicts.ts";
import { Explained } from "../term/explained.tsx";
import { StatusMark } from "./status-mark.tsx";

interface ClaimProps {
  question: string;
  status: Answering["status"];
  /** With a polarity the answer is shown instead of the status. */
  polarity?: Answering["polarity"];
  verdict: string;
  /** "" for nothing. */
  rest: string;
  numbers: string;
  children?: ReactNode;
}

export function Claim({ question, status, polarity, verdict, rest, numbers, children }: ClaimProps) {
  return (
    <li>
      <p className="question">
        <StatusMark finding={{ status, polarity }} /> {question}
      </p>
      <p className="verdict">{verdict}</p>
      {rest !== "" && (
        <p className="verdict-rest">
          <Explained text={rest} />
        </p>
      )}
      {numbers !== "" && <p className="numbers">{numbers}</p>}
      {children}
    </li>
  );
}
