/** What every screen has at hand: another practice, another look, and the way out. */

import { ActionIcon, Button, Group, NativeSelect, Text, Tooltip, useMantineColorScheme } from "@mantine/core";
import { useState, useSyncExternalStore, type ReactNode } from "react";

import { api, told } from "./api/client";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { Leaving } from "./Leaving";
import { useHere } from "./here";
import { useWords } from "./i18n";
import { session } from "./session";
import { notSwitched, switchTo } from "./switching";
import { unsaved } from "./unsaved";

export function PracticeChoice(): ReactNode {
  const { practice, memberships } = useHere();
  const { t } = useWords();
  const [switching, setSwitching] = useState(false);
  const [wanted, want] = useState<string | null>(null);
  const failed = useSyncExternalStore(notSwitched.subscribe, notSwitched.now);

  async function enter(chosen: string): Promise<void> {
    if (chosen === practice.id) return;
    want(null);
    setSwitching(true);
    await switchTo(chosen);
    setSwitching(false);
  }

  return (
    <>
      <NativeSelect
        size="xs"
        aria-label={t("practice")}
        value={practice.id}
        disabled={switching}
        onChange={({ currentTarget: { value } }) => (unsaved.any() ? want(value) : void enter(value))}
        data={memberships.map((each) => ({ value: each.practice.id, label: each.practice.name }))}
      />
      {wanted ? <Leaving onLeave={() => void enter(wanted)} onStay={() => want(null)} /> : null}
      {failed ? (
        <Dialog onClose={notSwitched.forget} title={t("notSwitched", { name: practice.name })}>
          <Failure error={failed.error} retry={() => void enter(failed.practice)} />
        </Dialog>
      ) : null}
    </>
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
  const [asked, ask] = useState(false);

  async function leave(): Promise<void> {
    try {
      await told(() => api.POST("/api/auth/logout"));
    } finally {
      session.left();
    }
  }

  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => (unsaved.any() ? ask(true) : void leave())}>
        {t("signOut")}
      </Button>
      {asked ? <Leaving onLeave={() => void leave()} onStay={() => ask(false)} /> : null}
      <SignOutEverywhere />
    </>
  );
}

/** For who has left a screen open somewhere, or lost a device: asked for twice, since it ends calls elsewhere too. */
function SignOutEverywhere(): ReactNode {
  const { t } = useWords();
  const [asked, ask] = useState(false);
  return (
    <>
      <Tooltip label={t("endAllSessions")}>
        <ActionIcon variant="default" size="md" aria-label={t("endAllSessions")} onClick={() => ask(true)}>
          ⊗
        </ActionIcon>
      </Tooltip>
      {asked ? <Everywhere onClose={() => ask(false)} /> : null}
    </>
  );
}

function Everywhere({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useWords();
  const [waiting, wait] = useState(false);
  const [error, fail] = useState<unknown>(null);

  async function leave(): Promise<void> {
    wait(true);
    fail(null);
    try {
      // Under /api/auth `api` brings no token by itself.
      const ask = async () =>
        api.POST("/api/auth/logout/everywhere", { headers: { Authorization: `Bearer ${await session.token()}` } });
      await told(ask);
      session.left();
    } catch (refused) {
      fail(refused);
      wait(false);
    }
  }

  return (
    <Dialog onClose={onClose} title={t("everywhereTitle")}>
      <Text mb="md">{t("everywhereText")}</Text>
      {error ? <Failure error={error} /> : null}
      <Group gap="xs">
        <Button color="red" loading={waiting} onClick={() => void leave()}>
          {t("signOutEverywhere")}
        </Button>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("cancel")}
        </Button>
      </Group>
    </Dialog>
  );
}
