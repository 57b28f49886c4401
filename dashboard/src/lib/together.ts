/** What is asked for many times at once, done once: so many milliseconds after the first of them. */
export function onceIn(milliseconds: number, act: () => void): () => void {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      act();
    }, milliseconds);
  };
}
