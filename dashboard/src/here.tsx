/** Who is at the screen and for which practice, for all that is shown while somebody is signed in. */

import { createContext, useContext } from "react";

import type { SignedIn } from "./session";

const Context = createContext<SignedIn | null>(null);

export const Here = Context.Provider;

export function useHere(): SignedIn {
  const found = useContext(Context);
  if (!found) throw new Error("outside of <Here>");
  return found;
}
