/** One screen for a call: who calls, what they need, which times there are, and the day beside it. */

import { Alert, Paper, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import type { Appointment, Patient, Slot } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { useCommandKey, useKeys } from "../lib/keys";
import { clock, date as dateOf, day, plusDays } from "../lib/time";
import type { SignedIn } from "../session";
import { Actions, type Undoable } from "./actions";
import { AppointmentCard } from "./AppointmentCard";
import { Booking } from "./Booking";
import { Calendar, nextView, stepOf, type View } from "./Calendar";
import { CallBar } from "./CallBar";
import { Caller, EndCall } from "./Caller";
import { refresh, useHolds, useLive, useReference } from "./data";
import { Dialogs, useDialogs } from "./Dialogs";
import { useSingleKeys } from "./KeySheet";
import { focusBoard } from "./Lanes";
import { mistaking } from "./mistaking";
import { useNames } from "./names";
import { Notices } from "./Notices";
import { Offers } from "./Offers";
import { PatientCard, usePartsSoon } from "./parts";
import { PatientFinder, type FinderHandle } from "./PatientFinder";
import { Problem } from "./Problem";
import { Questions, type Decided } from "./Questions";
import { UndoBar } from "./UndoBar";
import { useCall } from "./useCall";
import { useChanging } from "./useChanging";
import { useOverbooking } from "./useOverbooking";
import { useRenewed } from "./useRenewed";
import { VisitType } from "./VisitType";

export function Desk({ signedIn }: { signedIn: SignedIn }): ReactNode {
  const { practice, role } = signedIn;
  const { t, language } = useWords();
  const queries = useQueryClient();
  const zone = practice.timeZone;
  const today = dateOf(new Date(), zone);

  const reference = useReference(practice.id);
  const [date, show] = useState(today);
  const [view, look] = useState<View>("day");
  const [patient, choosePatient] = useState<Patient | null>(null);
  const [type, chooseType] = useState<string | null>(null);
  const [slot, chooseSlot] = useState<Slot | null>(null);
  const [offering, offer] = useState(0);
  const [opened, open] = useState<Appointment | null>(null);
  const [decided, decide] = useState<Decided | null>(null);
  const [about, tell] = useState<Patient | null>(null);
  const [undoable, allowUndo] = useState<Undoable | null>(null);
  const [asking, ask] = useState(false);
  const dialogs = useDialogs();
  const [singleKeys, setSingleKeys] = useSingleKeys();
  const [said, say] = useState("");
  const finder = useRef<FinderHandle>(null);
  const numberField = useRef<HTMLInputElement>(null);

  usePartsSoon();
  const live = useLive(practice.id, date);
  const holds = useHolds(practice.id);
  const mayBook = role !== "practitioner";
  const wanted = type ?? reference.types[0]?.code ?? null;

  const names = useNames(reference);
  const when = useCallback(
    (instant: string) => `${day(new Date(instant), zone, language)}, ${clock(new Date(instant), zone, language)}`,
    [zone, language],
  );
  const renew = useRenewed(patient, choosePatient);
  const actions = useMemo(
    () =>
      new Actions({
        done: (dates) => {
          refresh(queries, practice.id, dates.map((each) => dateOf(new Date(each), zone)));
          renew();
        },
        undoable: allowUndo,
        say,
      }),
    [queries, practice.id, zone, renew],
  );
  useEffect(() => actions.words(t, when), [actions, t, when]);

  const forget = useCallback(() => {
    choosePatient(null);
    chooseSlot(null);
    chooseType(null);
    offer(0);
    open(null);
    decide(null);
    ask(false);
  }, []);
  const { call, ending, end, did, note, wrongNumber, problem: callProblem, start, over } = useCall({
    mayCall: mayBook,
    forget,
    unknown: () => finder.current?.focus(),
    // What was kept for it is free again; the screen need not wait to be told so.
    ended: () => {
      forget();
      refresh(queries, practice.id, [date]);
    },
  });

  const { changing, ...change } = useChanging({
    actions,
    note,
    open,
    pick: (picked) => {
      chooseSlot(picked);
      show(dateOf(new Date(picked.start), zone));
    },
  });
  const { beside, overbook } = useOverbooking({
    actions,
    role,
    patient,
    type: wanted,
    decided,
    names,
    over: (done) => {
      if (done) note("booked");
      open(null);
    },
  });

  function findSomebody(): void {
    // At once: the next key is the first letter of a name.
    flushSync(() => (open(null), choosePatient(null)));
    finder.current?.focus();
  }
  const mistaken = mistaking({
    actions,
    freed: (code, time) => {
      chooseType(code);
      chooseSlot(time);
      findSomebody();
    },
  });

  useKeys(
    {
      "/": (event) => {
        event.preventDefault();
        findSomebody();
      },
      n: () => offer((count) => count + 1),
      c: (event) => {
        event.preventDefault();
        if (call) end(true);
        else numberField.current?.focus();
      },
      p: () => patient && tell(patient),
      a: (event) => {
        event.preventDefault();
        if (mayBook) dialogs.open("newPatient");
      },
      q: () => {
        // Enter is the next answer's, and not what had the focus.
        (document.activeElement as HTMLElement | null)?.blur();
        ask(true);
      },
      y: () => dialogs.open("whyNot"),
      g: () => mayBook && dialogs.open("together"),
      u: () => undoable && void actions.undo(undoable),
      t: () => show(today),
      d: () => focusBoard(),
      "[": () => show((current) => plusDays(current, -stepOf(view))),
      "]": () => show((current) => plusDays(current, stepOf(view))),
      v: () => look(nextView),
      w: () => look((current) => (current === "work" ? "day" : "work")),
      "?": () => dialogs.open("keys"),
      Escape: () => {
        change.stop();
        open(null);
        ask(false);
        chooseSlot(null);
      },
    },
    singleKeys,
  );

  useCommandKey("k", () => flushSync(() => dialogs.open("commands")));

  return (
    <div className="desk">
      <CallBar
        signedIn={signedIn}
        called={call ? Date.parse(call.openedAt) : 0}
        live={live.state}
        others={live.others}
        open={call !== null}
        mayCall={mayBook}
        wrong={wrongNumber}
        numberField={numberField}
        onOpen={(number) => void start(number)}
        onEnd={() => end(true)}
        onHelp={() => dialogs.open("keys")}
      />
      <Notices live={live.state} zone={zone} actions={actions} />
      <main className="panes">
        <Stack component="section" aria-label={t("newCall")} className="pane" gap="sm">
          {reference.error ? <Failure error={reference.error} /> : null}
          {mayBook ? null : <Alert color="gray">{t("notAllowed")}</Alert>}
          {callProblem ? <Failure error={callProblem} /> : null}
          {call ? (
            <Caller
              key={call.callId}
              greeting={reference.greeting}
              script={reference.script}
              insurance={reference.insurance}
              candidates={patient ? [] : call.candidates}
              onChoose={choosePatient}
            />
          ) : null}
          <PatientFinder
            ref={finder}
            practice={practice.id}
            patient={patient}
            zone={zone}
            onChoose={choosePatient}
            onNew={() => dialogs.open("newPatient")}
            onOpen={() => tell(patient)}
          />
          <VisitType
            types={reference.types}
            wanted={wanted}
            onType={(code) => {
              chooseType(code);
              chooseSlot(null);
              actions.clear();
            }}
          />
          <Questions
            practice={practice.id}
            patient={patient}
            open={asking}
            onOpen={ask}
            onDecided={(found) => {
              decide(found);
              if (!found.outcome.appointmentType) return;
              // A time that was chosen for another visit is none for this one.
              if (found.outcome.appointmentType !== wanted) chooseSlot(null);
              chooseType(found.outcome.appointmentType);
              offer((count) => count + 1);
            }}
            names={names.type}
          />
          <Offers
            practice={practice.id}
            type={wanted}
            urgency={decided?.outcome.appointmentType === wanted ? (decided?.outcome.urgency ?? null) : null}
            patient={patient?.id ?? null}
            insurance={patient?.insuranceProvider ?? ""}
            asked={offering}
            zone={zone}
            names={names}
            chosen={slot}
            holds={holds.data ?? []}
            singleKeys={singleKeys}
            onAsk={() => offer((count) => count + 1)}
            onChoose={change.slot}
            onHold={(ids, code) => actions.hold(ids, code, patient?.id ?? null)}
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
              note("booked");
              chooseSlot(null);
              offer(0);
            }}
            onChoose={change.slot}
          />
        </Stack>
        <section className="pane board-pane" aria-label={t("day")}>
          {changing ? (
            <Alert color="indigo" mb="xs" role="status">
              {t(changing.how === "move" ? "movingHint" : "swappingHint")}
            </Alert>
          ) : null}
          <Calendar
            practice={practice.id}
            zone={zone}
            date={date}
            today={today}
            view={view}
            onView={look}
            onDate={show}
            practitioners={reference.practitioners}
            names={names}
            holds={holds.data ?? []}
            when={when}
            onPatient={choosePatient}
            chosen={slot}
            changing={changing}
            onSlot={change.slot}
            onAppointment={change.appointment}
            onDrop={change.drop}
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
          onClose={() => {
            actions.clear();
            open(null);
          }}
          problem={
            <Problem inside actions={actions} when={when} names={names} onChoose={(picked) => (open(null), change.slot(picked))} />
          }
          beside={beside}
          onMove={() => change.start("move", opened)}
          onSwap={() => change.start("swap", opened)}
          onBeside={(reason) => overbook(opened, reason)}
          onPatient={(found) => {
            open(null);
            tell(found);
          }}
          onCancel={(reason) =>
            void actions.cancel(opened, reason).then((done) => {
              if (!done) return;
              note("cancelled");
              open(null);
            })
          }
          onMistaken={() => mistaken(opened)}
        />
      ) : null}
      {about ? (
        <Suspense fallback={null}>
          <PatientCard
            patient={about}
            names={names}
            when={when}
            onVisit={(visit) => {
              tell(null);
              show(dateOf(new Date(visit.start), zone));
              actions.clear();
              open(visit);
            }}
            onClose={() => tell(null)}
          />
        </Suspense>
      ) : null}
      <Dialogs
        opened={dialogs.opened}
        onClose={dialogs.close}
        actions={actions}
        patient={patient}
        slot={slot}
        type={wanted}
        types={reference.types}
        names={names}
        when={when}
        date={date}
        caller={call?.candidates.length === 0 ? (call.callerNumber ?? "") : ""}
        singleKeys={[singleKeys, setSingleKeys]}
        onPatient={choosePatient}
        onSlot={change.slot}
        onBooked={() => {
          note("booked");
          chooseSlot(null);
        }}
      />
      {call && ending ? (
        <EndCall call={call} suggested={did} onClose={() => end(false)} onEnded={over} />
      ) : null}
      <Paper className="foot" component="footer">
        <Text role="status" aria-live="polite" size="sm" fw={600}>
          {said}
        </Text>
        <UndoBar undoable={undoable} onUndo={(what) => void actions.undo(what)} onOver={() => allowUndo(null)} />
      </Paper>
      {opened ? null : <Problem actions={actions} when={when} names={names} onChoose={change.slot} />}
    </div>
  );
}
