/** Whether something is typed that is not saved: what would take it away asks first. */

const held = new Set<symbol>();

export const unsaved = {
  any: (): boolean => held.size > 0,
  /** From now until what it answers is called. */
  hold: (): (() => void) => {
    const one = Symbol("unsaved");
    held.add(one);
    return () => void held.delete(one);
  },
};
