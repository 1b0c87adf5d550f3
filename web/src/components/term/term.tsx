/** A word of the report with what it means: on pointing at it, on tapping it, and when the keyboard's focus comes to it. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { meanings, type TermName } from "../../lib/terms.ts";

/** Where the meaning stands, in CSS pixels of the window. */
type Place = { left: number } & ({ top: number } | { bottom: number });

export function Term({ name, children }: { name: TermName; children: string }) {
  const [place, setPlace] = useState<Place | null>(null);
  const word = useRef<HTMLButtonElement>(null);
  const id = useId();
  const isOpen = place !== null;
  const open = () => {
    setPlace(beside(word.current!));
  };
  const close = () => {
    setPlace(null);
  };
  // It stands in the window, so that a table that scrolls does not cut it off. So it has to follow its word when the page moves, as it
  // does when the focus comes to a word that was out of sight.
  useEffect(() => {
    if (!isOpen) return;
    const follow = () => {
      setPlace(beside(word.current!));
    };
    addEventListener("scroll", follow, { capture: true });
    return () => {
      removeEventListener("scroll", follow, { capture: true });
    };
  }, [isOpen]);
  const onKeyDown = ({ key }: KeyboardEvent) => {
    if (key === "Escape") close();
  };
  return (
    <>
      <button
        ref={word}
        type="button"
        className="term"
        aria-describedby={isOpen ? id : undefined}
        onFocus={open}
        onClick={open}
        onMouseEnter={open}
        onMouseLeave={close}
        onBlur={close}
        onKeyDown={onKeyDown}
      >
        {children}
      </button>
      {isOpen && (
        <span role="tooltip" id={id} className="meaning" style={place}>
          {meanings[name]}
        </span>
      )}
    </>
  );
}

/** As in styles/base.css. */
const widest = 320;
/** The longest meaning is less high. */
const highest = 200;

/** Below the word, or above it where the window ends. */
function beside(word: HTMLElement): Place {
  const { left, top, bottom } = word.getBoundingClientRect();
  const place = { left: Math.max(8, Math.min(left, innerWidth - widest - 8)) };
  return bottom + highest < innerHeight
    ? { ...place, top: bottom + 4 }
    : { ...place, bottom: innerHeight - top + 4 };
}
