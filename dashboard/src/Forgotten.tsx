/** Asking for a link by which to choose another password. What it says tells nobody whether an address has an account. */

import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import { api, told } from "./api/client";
import { Failure } from "./Failure";
import { useWords } from "./i18n";
import { LanguageChoice } from "./LanguageChoice";

interface Props {
  /** What was typed already where one signs in, and goes back there. */
  email: string;
  onEmail: (email: string) => void;
  onBack: () => void;
}

export function Forgotten({ email, onEmail, onBack }: Props): ReactNode {
  const { t } = useWords();
  const [error, fail] = useState<unknown>(null);
  const [state, become] = useState<"asked" | "waiting" | "done">("asked");

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    become("waiting");
    fail(null);
    try {
      await told(() => api.POST("/api/auth/password/forgotten", { body: { email } }));
      become("done");
    } catch (refused) {
      fail(refused);
      become("asked");
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {state === "done" ? (
          <Text role="status">{t("linkSent")}</Text>
        ) : (
          <>
            <Text>{t("forgottenText")}</Text>
            <TextInput
              name="email"
              type="email"
              label={t("email")}
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={(event) => onEmail(event.currentTarget.value)}
            />
            {error ? <Failure error={error} /> : null}
            <Button type="submit" loading={state === "waiting"}>
              {t("sendLink")}
            </Button>
          </>
        )}
        <Button variant="subtle" onClick={onBack} autoFocus={state === "done"}>
          {t("backToSignIn")}
        </Button>
        <LanguageChoice />
      </Stack>
    </form>
  );
}
