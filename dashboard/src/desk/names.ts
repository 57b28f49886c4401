/** What ids are called. */
export interface Names {
  practitioner: Map<string, string>;
  location: Map<string, string>;
  type: Map<string, string>;
}
