/** One key for a wish until its answer has come: a lost answer is asked for again, and a later wish is a new one. */

import { Refusal } from "../../api/client.ts";

export function onceEach(newKey: () => string): <T>(wish: string, send: (key: string) => Promise<T>) => Promise<T> {
  let open: { wish: string; key: string } | null = null;
  return async (wish, send) => {
    const mine = (open = open?.wish === wish ? open : { wish, key: newKey() });
    const answered = (): void => {
      // Never that of a wish which came meanwhile.
      if (open === mine) open = null;
    };
    try {
      const answer = await send(mine.key);
      answered();
      return answer;
    } catch (error) {
      // Nobody knows whether that was done: the same key finds out, and does nothing twice.
      if (!(error instanceof Refusal) || !(error.offline || error.status >= 500)) answered();
      throw error;
    }
  };
}
