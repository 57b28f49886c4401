/** For what must not be sent before there is a connection: it waits, visibly, and can be given up. */

export interface Line {
  isOnline(): boolean;
  /** Answers how to stop listening. */
  onBack(listener: () => void): () => void;
}

const BROWSER: Line = {
  isOnline: () => navigator.onLine,
  onBack: (listener) => {
    window.addEventListener("online", listener);
    return () => window.removeEventListener("online", listener);
  },
};

export class Waiting {
  readonly #line: Line;
  readonly #changed: () => void;
  #giveUp: (() => void) | null = null;

  constructor(changed: () => void, line: Line = BROWSER) {
    this.#changed = changed;
    this.#line = line;
  }

  get now(): boolean {
    return this.#giveUp !== null;
  }

  /** True once there is a connection; false where it was given up. */
  connected(): Promise<boolean> {
    if (this.#line.isOnline()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const over = (sent: boolean): void => {
        stop();
        this.#giveUp = null;
        this.#changed();
        resolve(sent);
      };
      const stop = this.#line.onBack(() => over(true));
      this.#giveUp = () => over(false);
      this.#changed();
    });
  }

  giveUp(): void {
    this.#giveUp?.();
  }
}
