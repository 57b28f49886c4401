/** A screen of the room: its name, what it is for, and what can be done. */

import { Group, Stack, Text, Title } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";

import { useWords } from "./words";

interface Props {
  title: string;
  hint?: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, hint, actions, children }: Props): ReactNode {
  const { t } = useWords();
  const app = t("appName");
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Whoever does not see the screen change is told that it did.
    heading.current?.focus();
  }, []);
  useEffect(() => {
    // Of several tabs, and in the browser's history, each says what it is.
    document.title = `${title} · ${app}`;
    return () => void (document.title = app);
  }, [title, app]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="start" gap="sm">
        <div className="page-title">
          <Title order={2} size="h3" tabIndex={-1} ref={heading}>
            {title}
          </Title>
          {hint ? (
            <Text size="sm" className="muted">
              {hint}
            </Text>
          ) : null}
        </div>
        {actions ? <Group gap="xs">{actions}</Group> : null}
      </Group>
      {children}
    </Stack>
  );
}
