/** Which thing of a screen is open: kept with the browser's history, so that Back closes it and a reload keeps it. */

import { useLocation, useNavigate } from "@tanstack/react-router";

import { useHere } from "../here";
import type { ScreenOf } from "./screens";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Not in the address: it would be asked for in whatever practice is entered next. */
    opened?: { practice: string; id: string };
  }
}

export function useOpened(to: ScreenOf["to"]): [opened: string | null, open: (id: string | null) => void] {
  const { practice } = useHere();
  const navigate = useNavigate();
  const { opened } = useLocation().state;
  const open = (id: string | null): void =>
    void navigate({ to, state: id === null ? {} : { opened: { practice: practice.id, id } } });
  return [opened?.practice === practice.id ? opened.id : null, open];
}
