/** The filters of a section, kept in the address of the page. A link to other filters of the section shows them. */
import { useEffect, useState } from "react";
import { addressOf, readAddress, titleId } from "./address.ts";

type Values = Readonly<Record<string, string>>;

export function useAddress(section: string): [Values, (values: Values) => void] {
  const [values, setValues] = useState<Values>(() => readAddress(location.hash, section));
  useEffect(() => {
    const follow = () => {
      const next = readAddress(location.hash, section);
      if (Object.keys(next).length === 0) return;
      setValues(next);
      // The address names no element, so the browser does not go there, nor does the next Tab.
      document.getElementById(section)?.scrollIntoView();
      document.getElementById(titleId(section))?.focus({ preventScroll: true });
    };
    follow();
    addEventListener("hashchange", follow);
    return () => {
      removeEventListener("hashchange", follow);
    };
  }, [section]);
  return [
    values,
    (next) => {
      setValues(next);
      history.replaceState(null, "", addressOf(section, next));
    },
  ];
}
