/** What went wrong, what to do, and the number by which it is found in the logs. */

import { Alert, Button, Code, List, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Refusal } from "./api/client";
import { useWords, type Language } from "./i18n";
import { fieldsTold } from "./i18n/fields";
import { told as sentenceOf } from "./i18n/refusals";

interface Props {
  error: unknown;
  retry?: () => void;
  /** Members of the body whose own fields say what is wrong with them. */
  told?: string[];
}

export function Failure({ error, retry, told = [] }: Props): ReactNode {
  const { t, language } = useWords();
  const refusal = error instanceof Refusal ? error : null;
  const wrong = Object.entries(fieldsTold(refusal?.fields ?? {}, language)).filter(([name]) => !told.includes(name));
  return (
    <Alert color="red" variant="outline" role="alert" my="xs">
      <Text size="sm">{sentence(refusal, t, language)}</Text>
      {wrong.length > 0 ? (
        <List size="sm" mt={4}>
          {wrong.map(([name, detail]) => (
            <List.Item key={name}>
              {name === "" ? null : <Code>{name}</Code>} {detail}
            </List.Item>
          ))}
        </List>
      ) : null}
      {refusal?.correlationId ? (
        <Text size="xs" mt={4}>
          {t("reference")}: <Code>{refusal.correlationId}</Code>
        </Text>
      ) : null}
      {retry ? (
        <Button size="xs" mt="xs" variant="default" onClick={retry}>
          {t("retry")}
        </Button>
      ) : null}
    </Alert>
  );
}

function sentence(refusal: Refusal | null, t: ReturnType<typeof useWords>["t"], language: Language): string {
  if (refusal?.offline) return t("noAnswer");
  if (refusal?.status === 401) return t("notDoneSignedOut");
  if (refusal?.status === 429) return t("tooOften");
  if (refusal?.status === 403) return t("roleRefuses");
  return refusal?.message ? t("failed", { detail: sentenceOf(refusal, language) }) : t("failedUnknown");
}
