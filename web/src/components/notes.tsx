/** What a reader has to know of how the model's files were read, before any number. */
export function Notes({ notes }: { notes: readonly string[] }) {
  return notes.map((note) => (
    <p key={note} className="facts" role="note">
      <strong>Note.</strong> {note}
    </p>
  ));
}
