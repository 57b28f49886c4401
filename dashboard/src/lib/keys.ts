/** Single keys, as long as nobody is typing (WCAG 2.1.4: they can be switched off). */

import { useLayoutEffect, useRef } from "react";

export type Keys = Record<string, (event: KeyboardEvent) => unknown>;

// While a key is pressed on somebody's behalf, it is heard whether or not single keys are on.
let behalf = false;

/** As if the key had been pressed, for what names its keys: the palette of commands. */
export function press(key: string): void {
  behalf = true;
  try {
    hear(key);
  } finally {
    behalf = false;
  }
}

/** A key that was pressed before the screen could heed it; as if it were pressed now. */
export function hear(key: string): void {
  window.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
}

// In a box that is ticked nobody types.
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]";

/** What each key does on this screen. With `on` false only `Escape` and `?` are heard. */
export function useKeys(keys: Keys, on: boolean): void {
  const latest = useRef(keys);
  latest.current = keys;
  // Before it is drawn: whoever sees what the keys act on may press one, and on a busy machine an effect comes later.
  useLayoutEffect(() => {
    function heard(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = event.target instanceof Element && event.target.matches(TYPING);
      if (typing && event.key !== "Escape") return;
      if (!on && !behalf && event.key !== "Escape" && event.key !== "?") return;
      // A dialog has keys of its own.
      if (event.target instanceof Element && event.target.closest("[role=dialog]") && event.key !== "?") return;
      latest.current[event.key]?.(event);
    }
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, [on]);
}

/** Ctrl or Cmd with the key, wherever one is typing. */
export function useCommandKey(key: string, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useLayoutEffect(() => {
    function heard(event: KeyboardEvent): void {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== key) return;
      event.preventDefault();
      latest.current();
    }
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, [key]);
}
