/** Stands in for a section's content. The page says what is absent, so that readers need not notice it themselves. */
interface NotMeasuredProps {
  what: string;
  title?: string;
}

export function NotMeasured({ what, title = "Not measured." }: NotMeasuredProps) {
  return (
    <p className="not-measured">
      <strong>{title}</strong> {what}
    </p>
  );
}
