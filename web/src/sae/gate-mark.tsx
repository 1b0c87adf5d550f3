/** The mark of a check: passed, failed, undetermined. Shape and word distinguish them; colour only helps. */

const words = { pass: "Passed", fail: "Failed", undetermined: "Undetermined" } as const;

export function GateMark({ status, words: own }: { status: keyof typeof words; words?: string }) {
  return (
    <span className={`status${status === "undetermined" ? " status-undetermined" : ""}`}>
      <svg viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true">
        {status === "pass" && <circle r="6" className="disc" />}
        {status === "fail" && <path d="M-5-5 5 5M5-5-5 5" className="cross" />}
        {status === "undetermined" && <circle r="5.2" className="ring dashed" />}
      </svg>
      {own ?? words[status]}
    </span>
  );
}
