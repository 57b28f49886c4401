/** For whom the phone was answered, how long ago, what time it is for each, and whether the screen is live. */

import { ActionIcon, Badge, Button, Group, NativeSelect, Select, Text, Tooltip, useMantineColorScheme } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";

import { api, told } from "../api/client";
import { useWords } from "../i18n";
import { LanguageChoice } from "../LanguageChoice";
import type { State } from "../lib/live";
import { countdown, fullClock } from "../lib/time";
import { session, type SignedIn } from "../session";

const OWN = Intl.DateTimeFormat().resolvedOptions().timeZone;
const ZONES = [
  "America/New_York",
  "America/Chicago",
  "America/Denver",
  "America/Phoenix",
  "America/Los_Angeles",
  "America/Anchorage",
  "Pacific/Honolulu",
  "America/Puerto_Rico",
];

interface Props {
  signedIn: SignedIn;
  called: number;
  live: State;
  others: string[];
  onNewCall: () => void;
  onHelp: () => void;
}

export function CallBar({ signedIn, called, live, others, onNewCall, onHelp }: Props): ReactNode {
  const { t, language } = useWords();
  const { toggleColorScheme } = useMantineColorScheme();
  const [now, tick] = useState(Date.now);
  const [callerZone, setCallerZone] = useState(signedIn.practice.timeZone);
  const [switching, setSwitching] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);

  async function enter(practice: string | null): Promise<void> {
    if (!practice || practice === signedIn.practice.id) return;
    setSwitching(true);
    try {
      const answer = await fetch("/api/auth/practice", {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${await session.token()}` },
        body: JSON.stringify({ practice }),
      });
      if (answer.ok) session.enter((await answer.json()) as SignedIn);
      else if (answer.status === 401) session.ended();
    } finally {
      setSwitching(false);
    }
  }

  async function leave(): Promise<void> {
    try {
      await told(() => api.POST("/api/auth/logout"));
    } finally {
      session.left();
    }
  }

  const instant = new Date(now);
  return (
    <Group component="header" className="callbar" gap="xs" wrap="wrap">
      <Text component="h1" fw={700} size="md" m={0}>
        {t("appName")}
      </Text>
      <NativeSelect
        size="xs"
        aria-label={t("practice")}
        value={signedIn.practice.id}
        disabled={switching}
        onChange={(event) => void enter(event.currentTarget.value)}
        data={signedIn.memberships.map((each) => ({ value: each.practice.id, label: each.practice.name }))}
      />
      <Button size="xs" onClick={onNewCall} rightSection={<kbd>c</kbd>}>
        {t("newCall")}
      </Button>
      <Clock name={t("callTime")} value={countdown(now - called)} />
      <Clock name={t("practiceClock")} value={fullClock(instant, signedIn.practice.timeZone, language)} />
      <Group gap={4} wrap="nowrap">
        <Clock name={t("callerClock")} value={fullClock(instant, callerZone, language)} />
        <Select
          size="xs"
          w={110}
          aria-label={t("callerZone")}
          searchable
          value={callerZone}
          allowDeselect={false}
          onChange={(zone) => zone && setCallerZone(zone)}
          data={[...new Set([signedIn.practice.timeZone, ...ZONES])].map((zone) => ({ value: zone, label: city(zone) }))}
        />
      </Group>
      <Clock name={t("ownClock")} value={fullClock(instant, OWN, language)} />
      <LiveBadge state={live} />
      {others.length > 1 ? (
        <Text size="xs">{t("alsoLooking", { names: others.join(", ") })}</Text>
      ) : null}
      <Group gap={4} ml="auto" wrap="nowrap">
        <LanguageChoice short />
        <Tooltip label={t("theme")}>
          <ActionIcon variant="default" size="md" aria-label={t("theme")} onClick={toggleColorScheme}>
            ◐
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t("keys")}>
          <ActionIcon variant="default" size="md" aria-label={t("keys")} onClick={onHelp}>
            ?
          </ActionIcon>
        </Tooltip>
        <Button size="compact-xs" variant="default" onClick={() => void leave()}>
          {t("signOut")}
        </Button>
      </Group>
    </Group>
  );
}

function Clock({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <Text size="xs" className="clock">
      <span className="clock-name">{name}</span> {value}
    </Text>
  );
}

function LiveBadge({ state }: { state: State }): ReactNode {
  const { t } = useWords();
  const told = {
    live: ["teal", t("live")],
    connecting: ["gray", t("connecting")],
    polling: ["yellow", t("polling")],
    offline: ["red", t("offline")],
    "signed-out": ["gray", t("signIn")],
    stopped: ["gray", t("connecting")],
  }[state] as [string, string];
  return (
    <Badge
      variant="default"
      role="status"
      data-live={state}
      leftSection={<span className={`dot ${told[0]}`} aria-hidden="true" />}
    >
      {told[1]}
    </Badge>
  );
}

function city(zone: string): string {
  return zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");
}
