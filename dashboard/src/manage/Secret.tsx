/** A secret that is shown this once: it stays until somebody says that it is stored. */

import { Alert, Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useEffect, useRef, type ReactNode } from "react";

import { useWords } from "./words";

const SAID_FOR = 4000;

interface Props {
  secret: string;
  /** What happens to the one before, if there was one. */
  note?: string;
  onStored: () => void;
}

export function Secret({ secret, note, onStored }: Props): ReactNode {
  const { t } = useWords();
  const copying = useClipboard({ timeout: SAID_FOR });
  const copy = useRef<HTMLButtonElement>(null);
  useEffect(() => copy.current?.focus(), [secret]);
  return (
    <Alert color="yellow" variant="outline" role="region" aria-label={t("secretOnce")}>
      <Stack gap="xs" maw={640}>
        <Text fw={700}>{t("secretOnce")}</Text>
        <Text size="sm">{t("secretOnceText")}</Text>
        {note ? <Text size="sm">{note}</Text> : null}
        <PasswordInput
          label={t("secret")}
          value={secret}
          readOnly
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": t("secretShow"), tabIndex: 0 }}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Group gap="xs">
          <Button size="xs" ref={copy} onClick={() => copying.copy(secret)}>
            {t("secretCopy")}
          </Button>
          <Button size="xs" variant="default" onClick={onStored}>
            {t("secretStored")}
          </Button>
          <Text size="sm" role="status">
            {copying.copied ? t("secretCopied") : copying.error ? t("secretNotCopied") : ""}
          </Text>
        </Group>
      </Stack>
    </Alert>
  );
}
