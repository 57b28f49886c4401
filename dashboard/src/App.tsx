/** Signed in or not; and then the screen that the address names. */

import { Center, Loader } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";

import { Here } from "./here";
import { useWords } from "./i18n";
import { router } from "./router";
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
  return (
    <Here key={state.practice.id} value={state}>
      <RouterProvider router={router} />
    </Here>
  );
}
