/** Who comes for what, the times at which all of it can be had one after the other, and all of it booked. */

import { Button, Group, NativeSelect, Radio, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";

import { api, told, type Patient, type Schemas } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { clock, day } from "../../lib/time";
import { useBusy } from "../actions";
import { bookTogether } from "../changes";
import { useWords } from "../words";
import { NotTogether } from "./NotTogether";
import { Person } from "./Person";
import type { Common } from "./Together";

type Offer = Schemas["GroupOfferOutput"];

interface Step {
  id: number;
  patient: Patient | null;
  type: string;
}

const MOST = 6;
const COUNT = 5;
// Minutes between one and the next.
const LONGEST_WAIT = 30;

export function InOneGo({ kind, ...common }: Common & { kind: "family" | "chain" }): ReactNode {
  const { actions, patient, type, types, names, when, onBooked } = common;
  const { t, language } = useWords();
  const { practice } = useHere();
  const busy = useBusy(actions);
  const numbers = useRef(2);
  const first = type ?? types[0]?.code ?? "";
  const [steps, plan] = useState<Step[]>([
    { id: 0, patient, type: first },
    { id: 1, patient: kind === "chain" ? patient : null, type: first },
  ]);
  const [chosen, choose] = useState<Offer | null>(null);
  const [error, fail] = useState<unknown>(null);
  const people = kind === "chain" ? steps.map((step) => ({ ...step, patient: steps[0]?.patient ?? null })) : steps;
  const complete = people.every((step) => step.patient);

  const search = useMutation({
    mutationFn: () => {
      const items = people.map(({ type: wanted, patient: who }) => ({ type: wanted, ...(who ? { patient: who.id } : {}) }));
      return told(() => api.POST("/api/v2/appointment-groups/offers", { body: { kind, items, count: COUNT, longestWaitMinutes: LONGEST_WAIT } }));
    },
    onSuccess: ({ offers }) => choose(offers[0] ?? null),
  });
  function change(id: number, what: Partial<Step>): void {
    // Most times suit other people too, and where one does not, booking says so; other visits are of another length.
    if (what.type !== undefined) begin();
    plan((before) => before.map((step) => (step.id === id ? { ...step, ...what } : step)));
  }
  function begin(): void {
    search.reset();
    choose(null);
    fail(null);
  }
  async function book(): Promise<void> {
    if (!chosen || !complete || busy) return;
    fail(null);
    const items = people.map((step, place) => ({
      patientId: step.patient?.id ?? "",
      slotId: chosen.items[place]?.slotId ?? "",
      type: step.type,
    }));
    try {
      if (await actions.bookSeveral(`together ${JSON.stringify(items)}`, (key) => bookTogether({ kind, items }, key))) onBooked();
    } catch (refused) {
      fail(refused);
    }
  }

  return (
    <Stack gap="sm">
      {steps.map((step, place) => (
        <Group key={step.id} gap="xs" align="end" wrap="nowrap" role="group" aria-label={t("togetherStep", { number: place + 1 })}>
          {kind === "family" || place === 0 ? (
            <Person patient={step.patient} taken={people.flatMap((each) => each.patient?.id ?? [])} onChoose={(found) => change(step.id, { patient: found })} />
          ) : null}
          <NativeSelect
            className="grow"
            label={t("visitType")}
            value={step.type}
            onChange={(event) => change(step.id, { type: event.currentTarget.value })}
            data={types.map((each) => ({ value: each.code, label: `${each.name} · ${each.durationMinutes} ${t("minutesShort")}` }))}
          />
          {steps.length > 2 ? (
            <Button variant="subtle" onClick={() => (begin(), plan(steps.filter((each) => each.id !== step.id)))}>
              {t("takeAway")}
            </Button>
          ) : null}
        </Group>
      ))}
      <Group gap="xs">
        <Button
          variant="default"
          disabled={steps.length >= MOST}
          onClick={() => (begin(), plan([...steps, { id: numbers.current++, patient: null, type: first }]))}
        >
          {t(kind === "family" ? "oneMorePerson" : "oneMoreStep")}
        </Button>
        <Button variant="default" loading={search.isPending} onClick={() => search.mutate()}>
          {t("findTimes")}
        </Button>
      </Group>
      {search.error ? <Failure error={search.error} retry={() => search.mutate()} /> : null}
      {search.data?.offers.length === 0 ? <Text role="status">{t("noTimesTogether")}</Text> : null}
      {search.data && search.data.offers.length > 0 ? (
        <Radio.Group
          label={t("offers")}
          value={chosen ? slotsOf(chosen) : ""}
          onChange={(slots) => choose(search.data.offers.find((each) => slotsOf(each) === slots) ?? null)}
        >
          <Stack gap={6} mt={4}>
            {search.data.offers.map((offer) => (
              <Radio
                key={slotsOf(offer)}
                value={slotsOf(offer)}
                label={`${day(new Date(offer.start), practice.timeZone, language)} · ${offer.items
                  .map((each) => `${clock(new Date(each.start), practice.timeZone, language)} ${names.practitioner.get(each.practitionerId) ?? ""}`)
                  .join(" → ")} · ${names.location.get(offer.items[0]?.locationId ?? "") ?? ""}`}
              />
            ))}
          </Stack>
        </Radio.Group>
      ) : null}
      {error ? <NotTogether error={error} when={when} /> : null}
      {chosen && !complete ? <Text size="sm">{t("whoElse")}</Text> : null}
      <Button className="own-width" disabled={!chosen || !complete} loading={busy} onClick={() => void book()}>
        {t("bookAll", { count: steps.length })}
      </Button>
    </Stack>
  );
}

function slotsOf(offer: Offer): string {
  return offer.items.map((each) => each.slotId).join();
}
