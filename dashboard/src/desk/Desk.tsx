/** One screen for a call: who calls, what they need, which times there are, and the day beside it. */

import { Alert, Group, Paper, Select, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { type Appointment, type Patient, type Slot } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { useKeys } from "../lib/keys";
import { clock, date as dateOf, day, plusDays } from "../lib/time";
import type { SignedIn } from "../session";
import { Actions, type Undoable } from "./actions";
import { AppointmentCard } from "./AppointmentCard";
import { Board, focusBoard } from "./Board";
import { Booking } from "./Booking";
import { CallBar } from "./CallBar";
import { refresh, useHolds, useLive, useReference } from "./data";
import { KeySheet, SINGLE_KEYS } from "./KeySheet";
import { NewPatient } from "./NewPatient";
import { Offers } from "./Offers";
import { PatientFinder, type FinderHandle } from "./PatientFinder";
import { Questions } from "./Questions";
import { Refused } from "./Refused";
import { UndoBar } from "./UndoBar";

export function Desk({ signedIn }: { signedIn: SignedIn }): ReactNode {
  const { practice, role } = signedIn;
  const { t, language } = useWords();
  const queries = useQueryClient();
  const zone = practice.timeZone;
  const today = dateOf(new Date(), zone);

  const reference = useReference(practice.id);
  const [date, show] = useState(today);
  const [patient, choosePatient] = useState<Patient | null>(null);
  const [type, chooseType] = useState<string | null>(null);
  const [slot, chooseSlot] = useState<Slot | null>(null);
  const [offering, offer] = useState(0);
  const [opened, open] = useState<Appointment | null>(null);
  const [moving, startMove] = useState<Appointment | null>(null);
  const [undoable, allowUndo] = useState<Undoable | null>(null);
  const [asking, ask] = useState(false);
  const [adding, add] = useState(false);
  const [helping, help] = useState(false);
  const [singleKeys, setSingleKeys] = useState(localStorage.getItem(SINGLE_KEYS) !== "off");
  const [called, startCall] = useState(() => Date.now());
  const [said, say] = useState("");
  const finder = useRef<FinderHandle>(null);

  const live = useLive(practice.id, date);
  const holds = useHolds(practice.id);
  const mayBook = role !== "practitioner";
  const wanted = type ?? reference.types[0]?.code ?? null;

  const names = useMemo(
    () => ({
      practitioner: new Map(reference.practitioners.map((each) => [each.id, each.name])),
      location: new Map(reference.locations.map((each) => [each.id, each.name])),
      type: new Map(reference.types.map((each) => [each.code, each.name])),
    }),
    [reference.practitioners, reference.locations, reference.types],
  );
  const when = useCallback(
    (instant: string) => `${day(new Date(instant), zone, language)}, ${clock(new Date(instant), zone, language)}`,
    [zone, language],
  );
  const actions = useMemo(
    () =>
      new Actions({
        done: (dates) => refresh(queries, practice.id, dates.map((each) => dateOf(new Date(each), zone))),
        undoable: allowUndo,
        say,
      }),
    [queries, practice.id, zone],
  );
  useEffect(() => actions.words(t, when), [actions, t, when]);

  const forget = useCallback(() => {
    choosePatient(null);
    chooseSlot(null);
    chooseType(null);
    offer(0);
    open(null);
    startMove(null);
    ask(false);
  }, []);
  const newCall = useCallback(() => {
    flushSync(forget);
    startCall(Date.now());
    // The end of a call gives back what was kept for it.
    for (const id of new Set((holds.data ?? []).filter((held) => held.mine && held.kind === "agent").map((held) => held.holdId))) {
      void actions.release(id);
    }
    finder.current?.focus();
  }, [forget, holds.data, actions]);

  const chosen = useCallback(
    (picked: Slot) => {
      if (moving) {
        void actions.move(moving, picked).then((moved) => moved && startMove(null));
      } else {
        chooseSlot(picked);
        show(dateOf(new Date(picked.start), zone));
      }
    },
    [moving, actions, zone],
  );

  useKeys(
    {
      "/": (event) => {
        event.preventDefault();
        // At once: the next key is the first letter of a name.
        flushSync(() => choosePatient(null));
        finder.current?.focus();
      },
      n: () => offer((count) => count + 1),
      c: newCall,
      p: () => ask(true),
      u: () => undoable && void actions.undo(undoable),
      t: () => show(today),
      d: () => focusBoard(),
      "[": () => show((current) => plusDays(current, -1)),
      "]": () => show((current) => plusDays(current, 1)),
      "?": () => help(true),
      Escape: () => {
        startMove(null);
        open(null);
        ask(false);
        chooseSlot(null);
      },
    },
    singleKeys,
  );

  return (
    <div className="desk">
      <CallBar
        signedIn={signedIn}
        called={called}
        live={live.state}
        others={live.others}
        onNewCall={newCall}
        onHelp={() => help(true)}
      />
      <main className="panes">
        <Stack component="section" aria-label={t("newCall")} className="pane" gap="sm">
          {reference.error ? <Failure error={reference.error} /> : null}
          {mayBook ? null : <Alert color="gray">{t("notAllowed")}</Alert>}
          <PatientFinder
            ref={finder}
            practice={practice.id}
            patient={patient}
            zone={zone}
            onChoose={choosePatient}
            onNew={() => add(true)}
          />
          <Group align="end" gap="xs" wrap="nowrap">
            <Select
              className="grow"
              label={t("visitType")}
              value={wanted}
              onChange={(value) => {
                chooseType(value);
                chooseSlot(null);
                actions.clear();
              }}
              allowDeselect={false}
              searchable
              data={reference.types.map((each) => ({
                value: each.code,
                label: `${each.name} · ${each.durationMinutes} ${t("minutesShort")}`,
              }))}
            />
          </Group>
          <Questions
            practice={practice.id}
            open={asking}
            onOpen={ask}
            onType={(code) => {
              chooseType(code);
              offer((count) => count + 1);
            }}
            names={names.type}
          />
          <Offers
            practice={practice.id}
            type={wanted}
            asked={offering}
            zone={zone}
            names={names}
            chosen={slot}
            holds={holds.data ?? []}
            singleKeys={singleKeys}
            onAsk={() => offer((count) => count + 1)}
            onChoose={chosen}
            onHold={(ids, code) => actions.hold(ids, code)}
            onRelease={(id) => void actions.release(id)}
            mayBook={mayBook}
          />
          <Booking
            actions={actions}
            patient={patient}
            slot={slot}
            type={wanted}
            names={names}
            when={when}
            singleKeys={singleKeys}
            mayBook={mayBook}
            onBooked={() => {
              chooseSlot(null);
              offer(0);
            }}
            onChoose={chosen}
          />
        </Stack>
        <section className="pane board-pane" aria-label={t("day")}>
          {moving ? (
            <Alert color="indigo" mb="xs">
              {t("movingHint")}
            </Alert>
          ) : null}
          <Board
            practice={practice.id}
            zone={zone}
            date={date}
            today={today}
            onDate={show}
            practitioners={reference.practitioners}
            names={names}
            holds={holds.data ?? []}
            chosen={slot}
            moving={moving}
            onSlot={chosen}
            onAppointment={open}
            onDrop={(appointment, target) => void actions.move(appointment, target)}
          />
        </section>
      </main>
      {opened ? (
        <AppointmentCard
          appointment={opened}
          practice={practice.id}
          zone={zone}
          names={names}
          when={when}
          mayBook={mayBook}
          onClose={() => open(null)}
          onMove={() => {
            startMove(opened);
            open(null);
            focusBoard();
          }}
          onCancel={(reason) => void actions.cancel(opened, reason).then((done) => done && open(null))}
        />
      ) : null}
      {adding ? (
        <NewPatient
          onClose={() => add(false)}
          onDone={(found) => {
            choosePatient(found);
            add(false);
          }}
        />
      ) : null}
      <KeySheet
        opened={helping}
        onClose={() => help(false)}
        on={singleKeys}
        onSwitch={(on) => {
          localStorage.setItem(SINGLE_KEYS, on ? "on" : "off");
          setSingleKeys(on);
        }}
      />
      <Paper className="foot" component="footer">
        <Text role="status" aria-live="polite" size="sm" fw={600}>
          {said}
        </Text>
        <UndoBar undoable={undoable} onUndo={(what) => void actions.undo(what)} onOver={() => allowUndo(null)} />
      </Paper>
      <Problem actions={actions} when={when} names={names.practitioner} onChoose={chosen} />
    </div>
  );
}

/** Why a move, a cancellation, a hold or an undo was refused; a booking says so in its own place. */
function Problem(props: {
  actions: Actions;
  when: (instant: string) => string;
  names: Map<string, string>;
  onChoose: (slot: Slot) => void;
}): ReactNode {
  const error = props.actions.useProblem();
  if (!error) return null;
  return (
    <Paper className="problem" shadow="md" p="sm" withBorder>
      <Refused error={error} when={props.when} names={props.names} onChoose={props.onChoose} onClose={() => props.actions.clear()} />
    </Paper>
  );
}

