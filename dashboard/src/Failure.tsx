/** What went wrong, what to do, and the number by which it is found in the logs. */

import { Alert, Button, Code, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Refusal } from "./api/client";
import { useWords } from "./i18n";

export function Failure({ error, retry }: { error: unknown; retry?: () => void }): ReactNode {
  const { t } = useWords();
  const refusal = error instanceof Refusal ? error : null;
  return (
    <Alert color="red" variant="outline" role="alert" my="xs">
      <Text size="sm">{sentence(refusal, t)}</Text>
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

function sentence(refusal: Refusal | null, t: ReturnType<typeof useWords>["t"]): string {
  if (refusal?.offline) return t("offline");
  if (refusal?.status === 429) return t("tooOften");
  if (refusal?.status === 403) return t("notAllowed");
  return refusal?.message ? t("failed", { detail: refusal.message }) : t("failedUnknown");
}
