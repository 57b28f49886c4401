/** What is sent without anybody's doing. */

import { Stack, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";

import { Page } from "../Page";
import { useWords } from "../words";
import { Offers } from "./Offers";
import { Times } from "./Times";

export function Automatic(): ReactNode {
  const { t } = useWords();
  return (
    <Page title={t("automatic")} hint={t("automaticHint")}>
      <Part title={t("remindersTitle")} hint={t("remindersHint")}>
        <Times />
      </Part>
      <Part title={t("offersTitle")} hint={t("offersHint")}>
        <Offers />
      </Part>
    </Page>
  );
}

function Part({ title, hint, children }: { title: string; hint: string; children: ReactNode }): ReactNode {
  const id = useId();
  return (
    <Stack gap="sm" component="section" aria-labelledby={id}>
      <div className="page-title">
        <Title order={3} size="h4" id={id}>
          {title}
        </Title>
        <Text size="sm" className="muted">
          {hint}
        </Text>
      </div>
      {children}
    </Stack>
  );
}
