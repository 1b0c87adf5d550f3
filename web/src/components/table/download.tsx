/** Hands a text made on this page to the reader as a file; nothing leaves the machine. */

interface DownloadProps {
  name: string;
  /** Called on demand: large tables are written only when someone wants them. */
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
