/** Saves a text that this page made as a file on the reader's machine. Nothing is sent. */

interface DownloadProps {
  name: string;
  /** Called on a click, so that large tables are written only if someone wants them. */
  content: () => string;
  children: string;
}

export function Download({ name, content, children }: DownloadProps) {
  const save = () => {
    const url = URL.createObjectURL(new Blob([content()], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <button type="button" className="quiet" onClick={save}>
      {children}
    </button>
  );
}
