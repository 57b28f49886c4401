/** A secret that is shown this once: it stays until somebody says that it is stored. */

import { Alert, Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useEffect, useRef, type ReactNode } from "react";

import { useWords } from "./words";

const SAID_FOR = 4000;

/** What it is called, where it is not a program's secret. */
interface Told {
  once: string;
  text: string;
  name: string;
  show: string;
  copy: string;
}

interface Props {
  secret: string;
  told?: Told;
  /** What happens to the one before, if there was one. */
  note?: string;
  /** What is to be done with it. */
  children?: ReactNode;
  onStored: () => void;
}

export function Secret({ secret, told, note, children, onStored }: Props): ReactNode {
  const { t } = useWords();
  const { once, text, name, show, copy: copyIt } = told ?? {
    once: t("secretOnce"),
    text: t("secretOnceText"),
    name: t("secret"),
    show: t("secretShow"),
    copy: t("secretCopy"),
  };
  const copying = useClipboard({ timeout: SAID_FOR });
  const copy = useRef<HTMLButtonElement>(null);
  useEffect(() => copy.current?.focus(), [secret]);
  return (
    <Alert color="yellow" variant="outline" role="region" aria-label={once}>
      <Stack gap="xs" maw={640}>
        <Text fw={700}>{once}</Text>
        <Text size="sm">{text}</Text>
        {note ? <Text size="sm">{note}</Text> : null}
        <PasswordInput
          label={name}
          value={secret}
          readOnly
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": show, tabIndex: 0 }}
          onFocus={(event) => event.currentTarget.select()}
        />
        {children}
        <Group gap="xs">
          <Button size="xs" ref={copy} onClick={() => copying.copy(secret)}>
            {copyIt}
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
