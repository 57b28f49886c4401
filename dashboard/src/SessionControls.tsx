/** What every screen has at hand: another practice, another look, and the way out. */

import { ActionIcon, Button, NativeSelect, Tooltip, useMantineColorScheme } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { api, told } from "./api/client";
import { useHere } from "./here";
import { useWords } from "./i18n";
import { session } from "./session";

export function PracticeChoice(): ReactNode {
  const { practice, memberships } = useHere();
  const { t } = useWords();
  const [switching, setSwitching] = useState(false);

  async function enter(chosen: string): Promise<void> {
    if (chosen === practice.id) return;
    setSwitching(true);
    try {
      await session.switchTo(chosen);
    } finally {
      setSwitching(false);
    }
  }

  return (
    <NativeSelect
      size="xs"
      aria-label={t("practice")}
      value={practice.id}
      disabled={switching}
      onChange={(event) => void enter(event.currentTarget.value)}
      data={memberships.map((each) => ({ value: each.practice.id, label: each.practice.name }))}
    />
  );
}

export function ThemeChoice(): ReactNode {
  const { t } = useWords();
  const { toggleColorScheme } = useMantineColorScheme();
  return (
    <Tooltip label={t("theme")}>
      <ActionIcon variant="default" size="md" aria-label={t("theme")} onClick={toggleColorScheme}>
        ◐
      </ActionIcon>
    </Tooltip>
  );
}

export function SignOut(): ReactNode {
  const { t } = useWords();

  async function leave(): Promise<void> {
    try {
      await told(() => api.POST("/api/auth/logout"));
    } finally {
      session.left();
    }
  }

  return (
    <Button size="compact-xs" variant="default" onClick={() => void leave()}>
      {t("signOut")}
    </Button>
  );
}
