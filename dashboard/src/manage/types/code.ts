/** A code as the API takes it, from a name as people write it: Contact-lens fitting → contact_lens_fitting. */
export function codeOf(name: string): string {
  const plain = name.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 60);
}
