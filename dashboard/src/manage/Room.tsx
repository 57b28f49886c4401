/** Where the practice is managed: its screens on the side, one of them beside. */

import { Button, Group, Text } from "@mantine/core";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Suspense, useEffect, useState, type ReactNode } from "react";

import { useHere } from "../here";
import { LanguageChoice } from "../LanguageChoice";
import { PracticeChoice, SignOut, ThemeChoice } from "../SessionControls";
import { Badge } from "./notices/Badge";
import { groupsOf } from "./screens";
import { useWords } from "./words";

export function Room(): ReactNode {
  const { role, practice } = useHere();
  const { t } = useWords();
  const groups = groupsOf(role);
  const { pathname } = useLocation();
  const [menu, open] = useState(false);
  useEffect(() => open(false), [pathname]);
  const here = groups.flatMap((group) => group.screens).find((screen) => pathname.startsWith(screen.to));
  const allowed = groups.some((group) => group.screens.some((screen) => pathname.startsWith(screen.to)));
  return (
    <div className="room">
      <a className="skip" href="#content">
        {t("skip")}
      </a>
      <Group component="header" className="callbar" gap="xs">
        <Text component="h1" fw={700} size="md" m={0}>
          {t("appName")}
        </Text>
        <PracticeChoice />
        <Button size="compact-sm" variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
          {t("desk")}
        </Button>
        <Badge />
        <Group gap={4} ml="auto" wrap="nowrap">
          <LanguageChoice short />
          <ThemeChoice />
          <SignOut />
        </Group>
      </Group>
      <div className="room-body">
        <Button
          className="room-menu"
          variant="default"
          radius={0}
          aria-expanded={menu}
          aria-controls="screens"
          onClick={() => open(!menu)}
        >
          {t("menu")}
          {here ? `: ${t(here.name)}` : ""} {menu ? "▴" : "▾"}
        </Button>
        <nav id="screens" className="room-nav" data-open={menu || undefined} aria-label={t("room")}>
          {groups.map((group) => (
            <div key={group.name} role="group" aria-labelledby={group.name} className="room-group">
              <span id={group.name} className="room-group-name">
                {t(group.name)}
              </span>
              {group.screens.map((screen) => (
                <Link key={screen.to} to={screen.to} className="room-link">
                  {t(screen.name)}
                </Link>
              ))}
            </div>
          ))}
        </nav>
        <main id="content" className="room-main" tabIndex={-1} key={practice.id}>
          {allowed ? (
            <Suspense fallback={<Text role="status">{t("loading")} …</Text>}>
              <Outlet />
            </Suspense>
          ) : (
            <Text role="alert">{t("noRole")}</Text>
          )}
        </main>
      </div>
    </div>
  );
}
