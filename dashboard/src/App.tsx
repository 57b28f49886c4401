/** Signed in or not; and the one screen that agents work on. */

import { Center, Loader } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";

import { Desk } from "./desk/Desk";
import { useWords } from "./i18n";
import { session } from "./session";
import { SignIn } from "./SignIn";

export function App(): ReactNode {
  const state = useSyncExternalStore(session.subscribe, session.state);
  const queries = useQueryClient();
  const { t } = useWords();
  const who = state.status === "in" ? state.practice.id : null;

  useEffect(() => {
    // Whoever has just reloaded the page is still signed in by the cookie.
    session.renew().catch(() => session.left());
  }, []);
  useEffect(() => {
    // Nothing of one practice may be seen in another, nor by whoever signs in next.
    if (who === null) queries.clear();
  }, [who, queries]);

  if (state.status === "unknown") {
    return (
      <Center h="100vh">
        <Loader aria-label={t("loading")} />
      </Center>
    );
  }
  if (state.status === "out") return <SignIn ended={state.ended} />;
  return <Desk key={state.practice.id} signedIn={state} />;
}
