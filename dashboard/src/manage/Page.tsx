/** A screen of the room: its name, what it is for, and what can be done. */

import { Group, Stack, Text, Title } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";

interface Props {
  title: string;
  hint?: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, hint, actions, children }: Props): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Whoever does not see the screen change is told that it did.
    heading.current?.focus();
  }, []);
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
