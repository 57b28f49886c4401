/** Single keys, as long as nobody is typing (WCAG 2.1.4: they can be switched off). */

import { useEffect, useRef } from "react";

export type Keys = Record<string, (event: KeyboardEvent) => unknown>;

const TYPING = "input, textarea, select, [contenteditable=true]";

/** What each key does on this screen. With `on` false only `Escape` and `?` are heard. */
export function useKeys(keys: Keys, on: boolean): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    function heard(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = event.target instanceof Element && event.target.matches(TYPING);
      if (typing && event.key !== "Escape") return;
      if (!on && event.key !== "Escape" && event.key !== "?") return;
      // A dialog has keys of its own.
      if (event.target instanceof Element && event.target.closest("[role=dialog]") && event.key !== "?") return;
      latest.current[event.key]?.(event);
    }
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, [on]);
}
