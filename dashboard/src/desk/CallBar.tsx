/** For whom the phone was answered, how long ago, what time it is for each, and whether the screen is live. */

import { ActionIcon, Badge, Button, Group, Select, Text, TextInput, Tooltip } from "@mantine/core";
import { onlineManager } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore, type ReactNode, type RefObject } from "react";

import { useWords } from "../i18n";
import { LanguageChoice } from "../LanguageChoice";
import type { State } from "../lib/live";
import { countdown, fullClock } from "../lib/time";
import type { SignedIn } from "../session";
import { PracticeChoice, SignOut, ThemeChoice } from "../SessionControls";

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
  /** A call is open. */
  open: boolean;
  mayCall: boolean;
  /** What is wrong with the number. */
  wrong: string;
  numberField: RefObject<HTMLInputElement | null>;
  onOpen: (number: string) => void;
  onEnd: () => void;
  onHelp: () => void;
}

export function CallBar(props: Props): ReactNode {
  const { signedIn, called, live, others, open, mayCall, wrong, numberField, onOpen, onEnd, onHelp } = props;
  const { t, language } = useWords();
  const [now, tick] = useState(Date.now);
  const [callerZone, setCallerZone] = useState(signedIn.practice.timeZone);
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);

  const instant = new Date(now);
  return (
    <Group component="header" className="callbar" gap="xs" wrap="wrap">
      <Text component="h1" className="app-name" fw={700} size="md" m={0}>
        {t("appName")}
      </Text>
      <PracticeChoice />
      {open ? (
        <Button size="xs" color="red" variant="outline" onClick={onEnd} rightSection={<kbd>c</kbd>}>
          {t("endCall")}
        </Button>
      ) : mayCall ? (
        <form
          className="new-call"
          onSubmit={(event) => {
            event.preventDefault();
            onOpen(numberField.current?.value.trim() ?? "");
            if (numberField.current) numberField.current.value = "";
          }}
        >
          <TextInput
            ref={numberField}
            size="xs"
            type="tel"
            w={124}
            aria-label={t("callerNumber")}
            placeholder={t("callerNumber")}
            autoComplete="off"
            maxLength={30}
            error={wrong || undefined}
            onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          />
          <Button size="xs" type="submit" rightSection={<kbd>c</kbd>}>
            {t("newCall")}
          </Button>
        </form>
      ) : null}
      {open ? <Clock name={t("callTime")} value={countdown(now - called)} /> : null}
      <Clock name={t("practiceClock")} value={fullClock(instant, signedIn.practice.timeZone, language)} />
      <Group gap={4} wrap="nowrap">
        <Clock name={t("callerClock")} value={fullClock(instant, callerZone, language)} />
        <Select
          size="xs"
          w={104}
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
        {signedIn.role === "practitioner" ? null : (
          <Button size="compact-xs" variant="default" renderRoot={(props) => <Link to="/manage/texts" {...props} />}>
            {t(signedIn.role === "practice_manager" ? "manage" : "messages")}
          </Button>
        )}
        <LanguageChoice short />
        <ThemeChoice />
        <Tooltip label={t("keys")}>
          <ActionIcon variant="default" size="md" aria-label={t("keys")} onClick={onHelp}>
            ?
          </ActionIcon>
        </Tooltip>
        <SignOut />
      </Group>
    </Group>
  );
}

function Clock({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <Text size="xs" className="clock">
      <span className="clock-name">{name} </span>
      <span>{value}</span>
    </Text>
  );
}

function LiveBadge({ state: heard }: { state: State }): ReactNode {
  const { t } = useWords();
  const online = useSyncExternalStore((listener) => onlineManager.subscribe(listener), () => onlineManager.isOnline());
  // A socket may take a minute to notice.
  const state = online ? heard : "offline";
  const told = {
    live: ["teal", t("live")],
    connecting: ["gray", t("connecting")],
    polling: ["yellow", t("polling")],
    offline: ["red", t("offlineShort")],
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
