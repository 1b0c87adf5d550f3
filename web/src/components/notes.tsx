/** Notes on how the model's files were read, which a reader must know before any number. */
export function Notes({ notes }: { notes: readonly string[] }) {
  return notes.map((note) => (
    <p key={note} className="facts" role="note">
      <strong>Note.</strong> {note}
    </p>
  ));
}
