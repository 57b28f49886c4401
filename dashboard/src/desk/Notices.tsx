/** What stands between the agent and her work: no connection, no live updates, a session that is about to end. */

import { Alert, Button, Group, Text } from "@mantine/core";
import { onlineManager } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";

import { useWords } from "../i18n";
import { late } from "../lib/later";
import type { State } from "../lib/live";
import { clock } from "../lib/time";
import { session } from "../session";
import { useWaiting, type Actions } from "./actions";

// Enough to end a call in peace.
const SOON = 10 * 60_000;

interface Props {
  live: State;
  zone: string;
  actions: Actions;
}

export function Notices({ live, zone, actions }: Props): ReactNode {
  const { t } = useWords();
  const online = useSyncExternalStore((listener) => onlineManager.subscribe(listener), () => onlineManager.isOnline());
  const waiting = useWaiting(actions);
  const partIsLate = useSyncExternalStore(late.subscribe, late.now);
  const [wasLive, lived] = useState(false);
  useEffect(() => {
    if (live === "live") lived(true);
  }, [live]);
  const lost = wasLive && (live === "connecting" || live === "polling");
  return (
    <div className="notices" role="status" aria-live="polite">
      {waiting ? (
        <Notice colour="yellow" act={() => actions.giveUp()} name={t("doNotSend")}>
          {t("waitsForConnection")}
        </Notice>
      ) : null}
      {!online ? <Notice colour="red">{t("noConnection")}</Notice> : live === "offline" ? <Notice colour="red">{t("offline")}</Notice> : null}
      {online && partIsLate ? (
        <Notice colour="yellow" act={() => window.location.reload()} name={t("reload")}>
          {t("partIsLate")}
        </Notice>
      ) : null}
      {online && lost ? <Notice colour="yellow">{t("lostLive")}</Notice> : null}
      <Ending zone={zone} />
    </div>
  );
}

function Ending({ zone }: { zone: string }): ReactNode {
  const { t, language } = useWords();
  const [now, tick] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  const endsAt = session.endsAt();
  if (endsAt - now > SOON) return null;
  return (
    <Notice colour="yellow" act={() => session.ended()} name={t("signInAgain")}>
      {t("sessionEndsSoon", { time: clock(new Date(endsAt), zone, language) })}
    </Notice>
  );
}

interface NoticeProps {
  colour: string;
  act?: () => void;
  name?: string;
  children: ReactNode;
}

function Notice({ colour, act, name, children }: NoticeProps): ReactNode {
  return (
    <Alert color={colour} variant="outline" radius={0} py={6}>
      <Group gap="sm">
        <Text size="sm">{children}</Text>
        {act ? (
          <Button size="compact-xs" variant="default" onClick={act}>
            {name}
          </Button>
        ) : null}
      </Group>
    </Alert>
  );
}
