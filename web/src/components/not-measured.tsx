/** Stands in for a section's content. The page says what is absent, so that readers need not notice it themselves. */
export function NotMeasured({ what }: { what: string }) {
  return (
    <p className="not-measured">
      <strong>Not measured.</strong> {what}
    </p>
  );
}
