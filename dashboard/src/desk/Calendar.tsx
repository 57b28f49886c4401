/** The practice's time: a day, a practitioner's week, or the day as a list; and what is to be worked off. */

import { Button, Group, Skeleton, Title } from "@mantine/core";
import { Suspense, type ReactNode } from "react";

import type { HeldTime, Patient } from "../api/client";
import { useWords } from "../i18n";
import type { Key } from "../i18n/en";
import { dayOf, mondayOf, plusDays } from "../lib/time";
import { Board } from "./Board";
import type { Practitioner } from "./data";
import type { Chosen } from "./Lanes";
import { List, Week, Worklists } from "./parts";

export const VIEWS = ["day", "week", "list", "work"] as const;
export type View = (typeof VIEWS)[number];

/** What `v` leads to; from the worklists, back to the day. */
export function nextView(view: View): View {
  return ({ day: "week", week: "list", list: "day", work: "day" } as const)[view];
}

/** What `[` and `]` go by, in days. */
export function stepOf(view: View): number {
  return view === "week" ? 7 : 1;
}

interface Props extends Chosen {
  practice: string;
  view: View;
  onView: (view: View) => void;
  date: string;
  today: string;
  onDate: (date: string) => void;
  practitioners: Practitioner[];
  holds: HeldTime[];
  when: (instant: string) => string;
  onPatient: (patient: Patient) => void;
}

export function Calendar({ view, onView, onDate, ...shown }: Props): ReactNode {
  const { date, today } = shown;
  const { t, language } = useWords();
  const week = view === "week";
  const work = view === "work";
  const title = work ? t("view_work") : week ? t("weekOf", { date: dayOf(mondayOf(date), language) }) : dayOf(date, language);
  return (
    <>
      <Group gap={6} mb="xs" className="board-head">
        {work ? null : (
          <>
            <Button size="xs" variant="default" aria-label={t(week ? "previousWeek" : "previousDay")} onClick={() => onDate(plusDays(date, -stepOf(view)))}>
              ‹
            </Button>
            <Button size="xs" variant="default" onClick={() => onDate(today)} disabled={date === today}>
              {t("today")}
            </Button>
            <Button size="xs" variant="default" aria-label={t(week ? "nextWeek" : "nextDay")} onClick={() => onDate(plusDays(date, stepOf(view)))}>
              ›
            </Button>
            <input
              type="date"
              className="date"
              aria-label={t("day")}
              value={date}
              onChange={(event) => event.currentTarget.value && onDate(event.currentTarget.value)}
            />
          </>
        )}
        <Title order={2} size="h5">
          {title}
        </Title>
        <Group gap={2} ml="auto" role="group" aria-label={t("view")}>
          {VIEWS.map((each) => (
            <Button
              key={each}
              size="xs"
              px={8}
              variant={each === view ? "light" : "default"}
              aria-pressed={each === view}
              onClick={() => onView(each)}
            >
              {t(`view_${each}` as Key)}
            </Button>
          ))}
        </Group>
        <Button size="xs" px={8} variant="subtle" onClick={() => window.print()}>
          {t("print")}
        </Button>
      </Group>
      {view === "day" ? (
        <Board {...shown} />
      ) : (
        <Suspense fallback={<Skeleton height={400} role="status" aria-label={t("loading")} />}>
          {work ? <Worklists {...shown} /> : week ? <Week {...shown} /> : <List {...shown} />}
        </Suspense>
      )}
    </>
  );
}
