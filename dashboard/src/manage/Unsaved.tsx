/** Stands in a form of a screen: while something in it is not saved, whoever would leave the screen is asked. */

import { useBlocker } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";

import { Leaving } from "../Leaving";
import { unsaved } from "../unsaved";

export function Unsaved({ when }: { when: boolean }): ReactNode {
  useEffect(() => (when ? unsaved.hold() : undefined), [when]);
  const leaving = useBlocker({
    // What is opened within the screen once it is saved is not left.
    shouldBlockFn: ({ current, next }) => when && current.pathname !== next.pathname,
    enableBeforeUnload: when,
    withResolver: true,
  });
  return leaving.status === "blocked" ? <Leaving onLeave={leaving.proceed} onStay={leaving.reset} /> : null;
}
