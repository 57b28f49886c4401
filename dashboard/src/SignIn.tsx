import { Alert, Button, Container, PasswordInput, Stack, TextInput, Title } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import { Refusal, refusal } from "./api/client";
import { Failure } from "./Failure";
import { Forgotten } from "./Forgotten";
import { useWords } from "./i18n";
import { LanguageChoice } from "./LanguageChoice";
import { session, type SignedIn } from "./session";

export function SignIn({ ended }: { ended: boolean }): ReactNode {
  const { t } = useWords();
  const [error, fail] = useState<unknown>(null);
  const [waiting, wait] = useState(false);
  const [forgotten, forget] = useState(false);

  // Nothing to look up in the logs, and no riddle: what to do is said.
  const wrong = error instanceof Refusal && error.code === "wrong_credentials";

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    wait(true);
    fail(null);
    try {
      session.enter(await signIn(String(form.get("email")), String(form.get("password"))));
    } catch (refused) {
      fail(refused);
      wait(false);
    }
  }

  return (
    <Container component="main" size={400} py={80}>
      <Title order={1} mb="md">
        {t("appName")}
      </Title>
      {forgotten ? (
        <Forgotten onBack={() => forget(false)} />
      ) : (
        <>
          {ended ? <Alert color="yellow" mb="md">{t("sessionEnded")}</Alert> : null}
          <form onSubmit={(event) => void submit(event)}>
            <Stack>
              <TextInput name="email" type="email" label={t("email")} autoComplete="username" required autoFocus />
              <PasswordInput name="password" label={t("password")} autoComplete="current-password" required />
              {wrong ? (
                <Alert color="red" variant="outline" role="alert">
                  {t("wrongCredentials")}
                </Alert>
              ) : error ? (
                <Failure error={error} />
              ) : null}
              <Button type="submit" loading={waiting}>
                {t("signIn")}
              </Button>
              <Button variant="subtle" onClick={() => forget(true)}>
                {t("forgotPassword")}
              </Button>
              <LanguageChoice />
            </Stack>
          </form>
        </>
      )}
    </Container>
  );
}

async function signIn(email: string, password: string): Promise<SignedIn> {
  let answer: Response;
  try {
    answer = await fetch("/api/auth/token", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
  } catch {
    throw new Refusal(0, "offline", "", "");
  }
  const body: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw refusal(body, answer);
  return body as SignedIn;
}
