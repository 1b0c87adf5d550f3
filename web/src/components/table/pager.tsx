/** Buttons that go through a long table page by page. */

interface PagerProps {
  /** The name of the rows, in the plural. */
  of: string;
  page: number;
  pages: number;
  size: number;
  total: number;
  onPage: (page: number) => void;
}

export function Pager({ of, page, pages, size, total, onPage }: PagerProps) {
  if (pages <= 1) return null;
  const first = page * size + 1;
  const last = Math.min(total, first + size - 1);
  return (
    <nav className="pager" aria-label={`Pages of ${of}`}>
      <button
        type="button"
        disabled={page === 0}
        onClick={() => {
          onPage(page - 1);
        }}
      >
        Previous
      </button>
      <span>
        {first}–{last} of {total}
      </span>
      <button
        type="button"
        disabled={page >= pages - 1}
        onClick={() => {
          onPage(page + 1);
        }}
      >
        Next
      </button>
    </nav>
  );
}
