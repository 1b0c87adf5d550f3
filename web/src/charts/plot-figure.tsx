/** An Observable Plot as a React component. It is drawn in the width of its place, and drawn again when the width changes. */
import * as Plot from "@observablehq/plot";
import { useEffect, useRef, useState } from "react";

/**
 * Smallest width that is drawn, in CSS pixels. When a page is printed, a place is for a moment narrower than a chart's margins.
 */
const leastWidth = 120;

interface PlotFigureProps {
  /** What the chart shows, in words, for readers who cannot see it. */
  label: string;
  /** Must be stable between renders (useCallback), or the chart is drawn every time. @param width in CSS pixels */
  draw: (width: number) => Plot.PlotOptions;
}

export function PlotFigure({ label, draw }: PlotFigureProps) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.floor(entry.contentRect.width));
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    const element = place.current;
    if (element === null || width < leastWidth) return;
    const chart = Plot.plot({ ...draw(width), width, ariaLabel: label });
    chart.setAttribute("role", "img");
    element.replaceChildren(chart);
  }, [draw, label, width]);

  return <div className="plot" ref={place} />;
}
