/** What ids are called. */

import { useMemo } from "react";

import type { useReference } from "./data";

export interface Names {
  practitioner: Map<string, string>;
  location: Map<string, string>;
  type: Map<string, string>;
}

export function useNames({ practitioners, locations, types }: ReturnType<typeof useReference>): Names {
  return useMemo(
    () => ({
      practitioner: new Map(practitioners.map((each) => [each.id, each.name])),
      location: new Map(locations.map((each) => [each.id, each.name])),
      type: new Map(types.map((each) => [each.code, each.name])),
    }),
    [practitioners, locations, types],
  );
}
