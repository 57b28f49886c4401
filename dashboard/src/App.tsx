/**
 * Signed in or not; and then the screen that the address names. Whose session ended in the middle finds it as it was,
 * with all that was typed: until then it is not shown, asks for nothing, and is thrown away when somebody else comes.
 */

import { Center, Loader } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Activity, useEffect, useSyncExternalStore, type ReactNode } from "react";

import { Here } from "./here";
import { useWords } from "./i18n";
import { router } from "./router";
import { personOf, session } from "./session";
import { SignIn } from "./SignIn";

export function App(): ReactNode {
  const state = useSyncExternalStore(session.subscribe, session.state);
  const queries = useQueryClient();
  const { t } = useWords();
  const shown = state.status === "in" ? state : state.status === "out" ? state.kept : null;
  const who = shown && `${personOf(shown)} ${shown.practice.id}`;

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
  return (
    <>
      {state.status === "out" ? <SignIn ended={state.ended} kept={state.kept} /> : null}
      {shown ? (
        <Activity key={who} mode={state.status === "in" ? "visible" : "hidden"}>
          <Here value={shown}>
            <RouterProvider router={router} />
          </Here>
        </Activity>
      ) : null}
    </>
  );
}
