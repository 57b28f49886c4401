import { Alert, Button, Container, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";

import { Refusal } from "./api/client";
import { Failure } from "./Failure";
import { Forgotten } from "./Forgotten";
import { useWords } from "./i18n";
import { LanguageChoice } from "./LanguageChoice";
import { session, type SignedIn } from "./session";
import { same, signIn } from "./signing";

export function SignIn({ ended, kept }: { ended: boolean; kept: SignedIn | null }): ReactNode {
  const { t } = useWords();
  const queries = useQueryClient();
  const [error, fail] = useState<unknown>(null);
  const [waiting, wait] = useState(false);
  const [forgotten, forget] = useState(false);
  const [email, write] = useState("");

  // Nothing to look up in the logs, and no riddle: what to do is said.
  const wrong = error instanceof Refusal && error.code === "wrong_credentials";

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    wait(true);
    fail(null);
    try {
      const found = await signIn(String(form.get("email")), String(form.get("password")), kept);
      if (!kept || !same(found, kept)) queries.clear();
      session.enter(found);
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
        <Forgotten email={email} onEmail={write} onBack={() => forget(false)} />
      ) : (
        <>
          {ended ? (
            <Alert color="yellow" mb="md">
              <Text size="sm">{t("sessionEnded")}</Text>
              {kept ? <Text size="sm">{t("sessionKept")}</Text> : null}
            </Alert>
          ) : null}
          <form onSubmit={(event) => void submit(event)}>
            <Stack>
              <TextInput
                name="email"
                type="email"
                label={t("email")}
                autoComplete="username"
                required
                autoFocus
                value={email}
                onChange={(event) => write(event.currentTarget.value)}
              />
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
