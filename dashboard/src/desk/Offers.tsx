/** The next times that can be had, to read out; and those that are kept while the caller thinks. */

import { Button, Group, Loader, NativeSelect, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { api, told, type HeldTime, type Slot } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { useKeys } from "../lib/keys";
import { clock, countdown, day, timesByDay } from "../lib/time";
import { keyOf } from "./data";
import type { Names } from "./names";
import { Insurance, Reasons } from "./Reasons";

const COUNT = 5;
const PARTS = ["morning", "afternoon", "evening"] as const;
type PartOfDay = (typeof PARTS)[number];
export type Urgency = "emergency" | "urgent" | "routine";

interface Props {
  practice: string;
  type: string | null;
  /** As the protocol has it; none was asked: every time is as good as another. */
  urgency: Urgency | null;
  /** Who has been here is offered no time that is kept for new patients. */
  patient: string | null;
  /** The patient's, so that whoever does not take it is told apart. */
  insurance: string;
  /** How often they were asked for: each time anew. */
  asked: number;
  zone: string;
  names: Names;
  chosen: Slot | null;
  holds: HeldTime[];
  singleKeys: boolean;
  mayBook: boolean;
  onAsk: () => void;
  onChoose: (slot: Slot) => void;
  onHold: (slotIds: string[], type: string) => Promise<boolean>;
  onRelease: (holdId: string) => void;
}

export function Offers(props: Props): ReactNode {
  const { practice, type, urgency, patient, insurance, asked, zone, names, chosen, holds, singleKeys, mayBook, onAsk, onChoose } = props;
  const { t, language } = useWords();
  const [part, come] = useState<PartOfDay | "">("");
  const list = useRef<HTMLUListElement>(null);
  const offers = useQuery({
    enabled: asked > 0 && type !== null,
    queryKey: [...keyOf.offers(practice), type, part, urgency, patient, insurance, asked],
    queryFn: async () => {
      const besides = { ...(part ? { partOfDay: part } : {}), ...(urgency ? { urgency } : {}), ...(patient ? { patient } : {}), ...(insurance ? { insurance } : {}) };
      const query = { type: type ?? "", count: COUNT, ...besides };
      return (await told(() => api.GET("/api/v2/slots/next", { params: { query } }))).data;
    },
    staleTime: 0,
    gcTime: 0,
  });
  const slots = offers.data ?? [];
  const mine = holds.filter((held) => held.mine && held.kind === "agent");
  const keep = (): void => {
    if (type && slots.length > 0 && mayBook) void props.onHold(slots.map((slot) => slot.id), type);
  };
  useKeys({ h: keep }, singleKeys);

  const wish = `${asked} ${part}`;
  const focused = useRef("");
  useEffect(() => {
    // Once for each wish: what is asked for anew when the connection is back must not take the focus from a field.
    if (!offers.isSuccess || focused.current === wish) return;
    focused.current = wish;
    // The first one under the finger: Enter takes it.
    list.current?.querySelector("button")?.focus();
  }, [offers.isSuccess, wish]);

  function walk(event: React.KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>("button") ?? [])];
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[Math.min(buttons.length - 1, Math.max(0, here + step))]?.focus();
  }

  return (
    <Stack gap="xs" component="section" aria-label={t("offers")}>
      <Group gap={6}>
        <Button size="xs" px="xs" variant="default" onClick={onAsk} disabled={!type} rightSection={<kbd>n</kbd>}>
          {t("nextAvailable")}
        </Button>
        <NativeSelect
          size="xs"
          aria-label={t("partOfDay")}
          value={part}
          onChange={(event) => come(event.currentTarget.value as PartOfDay | "")}
          data={[
            { value: "", label: t("anyTime") },
            ...PARTS.map((value) => ({ value, label: t(`part_${value}`) })),
          ]}
        />
        {slots.length > 0 && mayBook ? (
          <Button size="xs" px="xs" variant="default" onClick={keep} rightSection={<kbd>h</kbd>}>
            {t("holdAll")}
          </Button>
        ) : null}
        {offers.isFetching ? <Loader size="xs" aria-label={t("loading")} /> : null}
      </Group>
      {offers.error ? (
        <>
          <Text size="sm" fw={600}>
            {t("unknownOffers")}
          </Text>
          <Failure error={offers.error} retry={() => void offers.refetch()} />
        </>
      ) : null}
      {offers.isSuccess && slots.length === 0 ? (
        <Text size="sm">{t(urgency === "emergency" ? "noOffersToday" : part ? "noOffersThen" : "noOffers")}</Text>
      ) : null}
      <Insurance name={insurance} offers={slots} />
      {slots.length > 0 ? (
        // Arrows go from one of its buttons to the next; it does nothing itself.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
        <ul ref={list} className="offers" aria-label={t("offers")} onKeyDown={walk}>
          {slots.map((slot) => (
            <li key={slot.id}>
              <button
                type="button"
                className="offer"
                aria-pressed={chosen?.id === slot.id}
                onClick={() => {
                  onChoose(slot);
                  // So that `b` is heard, and not another Enter.
                  (document.activeElement as HTMLElement | null)?.blur();
                }}
              >
                <strong>{clock(new Date(slot.start), zone, language)}</strong> {day(new Date(slot.start), zone, language)}
                <span className="muted">
                  {" "}
                  · {names.practitioner.get(slot.practitionerId)} · {names.location.get(slot.locationId)}{" "}
                  <Reasons of={slot} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      {[...new Set(mine.map((held) => held.holdId))].map((holdId) => {
        const times = mine.filter((held) => held.holdId === holdId);
        return (
          <Group key={holdId} gap="xs" wrap="nowrap">
            <Text size="sm" className="grow">
              {t("held")}: {timesByDay(times.map((held) => held.start), zone, language)}{" "}
              <Remaining until={times[0]?.expiresAt ?? ""} />
            </Text>
            <Button size="compact-xs" variant="default" onClick={() => props.onRelease(holdId)}>
              {t("release")}
            </Button>
          </Group>
        );
      })}
    </Stack>
  );
}

/** `say`: other words than of a time that is held. */
export function Remaining({ until, say }: { until: string; say?: (time: string) => string }): ReactNode {
  const { t } = useWords();
  const [now, tick] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const time = countdown(new Date(until).getTime() - now);
  return <span className="remaining">{say ? say(time) : t("heldFor", { time })}</span>;
}
