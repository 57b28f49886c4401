/** Where an invitation's link leads, and that of whoever forgot their password: its reader chooses one, once, and signs in. */

import { Alert, Anchor, Button, Container, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import { Refusal, refusal } from "./api/client";
import { Failure } from "./Failure";
import { useWords } from "./i18n";
import { LanguageChoice } from "./LanguageChoice";

const SHORTEST = 10;

export function Welcome(): ReactNode {
  const { t } = useWords();
  // Behind `#`, which browsers send to nobody.
  const [token] = useState(() => window.location.hash.slice(1));
  const [password, write] = useState("");
  const [error, fail] = useState<unknown>(null);
  const [state, become] = useState<"asked" | "waiting" | "done">("asked");

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    become("waiting");
    fail(null);
    try {
      await choose(token, password);
      window.history.replaceState(null, "", "/welcome");
      become("done");
    } catch (refused) {
      fail(refused);
      become("asked");
    }
  }

  const over = error instanceof Refusal && error.code === "invalid_link";
  const weak = error instanceof Refusal && error.code === "invalid";
  return (
    <Container component="main" size={400} py={80}>
      <Title order={1} mb="md">
        {t("appName")}
      </Title>
      {state === "done" ? (
        <Stack role="status">
          <Text>{t("passwordChosen")}</Text>
          <Button component="a" href="/">
            {t("signIn")}
          </Button>
        </Stack>
      ) : over ? (
        <Alert color="yellow" variant="outline" role="alert">
          {t("linkOver")} <Anchor href="/">{t("signIn")}</Anchor>
        </Alert>
      ) : (
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <Text>{t("welcomeText")}</Text>
            <PasswordInput
              label={t("newPassword")}
              description={t("passwordRule")}
              autoComplete="new-password"
              value={password}
              error={weak ? t("passwordWeak") : undefined}
              onChange={(event) => write(event.currentTarget.value)}
              autoFocus
            />
            {error && !weak ? <Failure error={error} /> : null}
            <Button type="submit" loading={state === "waiting"} disabled={password.length < SHORTEST}>
              {t("choosePassword")}
            </Button>
            <LanguageChoice />
          </Stack>
        </form>
      )}
    </Container>
  );
}

async function choose(token: string, password: string): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch("/api/auth/password", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token: token || "-", password }),
    });
  } catch {
    throw new Refusal(0, "offline", "", "");
  }
  if (!answer.ok) throw refusal(await answer.json().catch(() => ({})), answer);
  // Whoever else is signed in at this screen is not who signs in next.
  await fetch("/api/auth/logout", { method: "POST", credentials: "same-origin" }).catch(() => undefined);
}
