/** Parts of the page that are loaded when they are needed: what does not come is asked for again, and the rest stays. */

import { lazy, type ComponentType, type LazyExoticComponent } from "react";

// In milliseconds; or at once, when there is a connection again.
const PAUSE = 2_000;

let missing = 0;
const listeners = new Set<() => void>();

/** Whether a part was asked for that has not come: no connection, or a newer version of the product has other parts. */
export const late = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  now: (): boolean => missing > 0,
};

export type Later<T> = LazyExoticComponent<ComponentType<T>> & { ahead: () => void };

/** A component that is loaded when it is first drawn, or ahead of that. */
export function later<T>(load: () => Promise<ComponentType<T>>): Later<T> {
  const part = lazy(async () => ({ default: await arriving(load) }));
  // What does not come ahead is asked for when it is needed.
  return Object.assign(part, { ahead: () => void load().catch(() => undefined) });
}

/** What `load` answers, as soon as it does. */
export async function arriving<T>(load: () => Promise<T>, pause: () => Promise<void> = aWhile): Promise<T> {
  try {
    return await load();
  } catch {
    count(1);
  }
  for (;;) {
    await pause();
    try {
      const part = await load();
      count(-1);
      return part;
    } catch {
      // Asked for again.
    }
  }
}

function aWhile(): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", over);
      resolve();
    };
    const timer = setTimeout(over, PAUSE);
    window.addEventListener("online", over);
  });
}

function count(change: 1 | -1): void {
  missing += change;
  for (const listener of listeners) listener();
}
