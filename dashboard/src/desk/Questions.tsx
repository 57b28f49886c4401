/** What the practice wants to be asked before a visit is chosen; the keys shown answer, Enter goes on. */

import { Alert, Button, Checkbox, Group, NumberInput, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";

import { api, told, type Patient, type Schemas } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { useKeys, type Keys } from "../lib/keys";
import { useCommunication } from "./card/data";

type Question = Schemas["QuestionOutput"];
type Answers = Record<string, unknown>;

// In the order in which they stand on the keyboard.
const KEYS = "1234567890-=";

/** What the caller said, and what follows from it by the practice's protocol. */
export interface Decided {
  answers: Answers;
  outcome: Schemas["OutcomeOutput"];
}

interface Props {
  practice: string;
  /** Who is told what follows, in the language that they are written to. */
  patient: Patient | null;
  open: boolean;
  onOpen: (open: boolean) => void;
  onDecided: (decided: Decided) => void;
  names: Map<string, string>;
}

export function Questions({ practice, patient, open, onOpen, onDecided, names }: Props): ReactNode {
  const { t } = useWords();
  const [answers, answer] = useState<Answers>({});
  useEffect(() => {
    if (!open) answer({});
  }, [open]);
  const asked = useQuery({
    enabled: open,
    queryKey: ["protocol", practice, answers],
    queryFn: () => told(() => api.POST("/api/v2/protocol/evaluations", { body: { answers } })),
    placeholderData: (before) => before,
    staleTime: Infinity,
  });
  const outcome = asked.isPlaceholderData ? null : asked.data?.outcome;
  useEffect(() => {
    if (outcome) onDecided({ answers, outcome });
    // Told once for each outcome, whatever else is drawn anew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [outcome]);

  const shown = useRef<HTMLElement>(null);
  const question = asked.data?.question?.id;
  useLayoutEffect(() => {
    // Whatever stands above it: all of its answers are to be seen.
    if (open && question) shown.current?.scrollIntoView({ block: "nearest" });
  }, [open, question]);

  if (!open) {
    return (
      <Button size="xs" variant="default" onClick={() => onOpen(true)} rightSection={<kbd>q</kbd>}>
        {t("startQuestions")}
      </Button>
    );
  }
  return (
    <Paper ref={shown} withBorder p="sm" component="section" aria-label={t("questions")} className={outcome ? "" : "asking"}>
      {asked.error ? <Failure error={asked.error} retry={() => void asked.refetch()} /> : null}
      {asked.data?.question && !outcome ? (
        <Asked
          key={asked.data.question.id}
          question={asked.data.question}
          onAnswer={(value) => answer({ ...answers, [asked.data.question?.id ?? ""]: value })}
        />
      ) : null}
      {outcome ? <Outcome outcome={outcome} names={names} practice={practice} patient={patient} /> : null}
      <Group gap="xs" mt="xs">
        <Button size="compact-xs" variant="subtle" onClick={() => answer({})}>
          {t("startOver")}
        </Button>
        <Button size="compact-xs" variant="subtle" onClick={() => onOpen(false)}>
          {t("close")}
        </Button>
      </Group>
    </Paper>
  );
}

function Asked({ question, onAnswer }: { question: Question; onAnswer: (value: unknown) => void }): ReactNode {
  const { t, language } = useWords();
  const [chosen, choose] = useState<string[]>([]);
  const [number, count] = useState<number | string>("");
  const options: [unknown, string][] =
    question.kind === "yes_no"
      ? [
          [true, t("yes")],
          [false, t("no")],
        ]
      : question.options.map((option) => [option.value, worded(option.text, language)]);
  const single = question.kind === "choice" || question.kind === "yes_no";
  const complete = question.kind !== "number" || number !== "";
  const next = (): void => {
    if (!single && complete) onAnswer(question.kind === "number" ? Number(number) : chosen);
  };
  const keys: Keys = Object.fromEntries(
    options.slice(0, KEYS.length).map(([value], place) => [
      KEYS[place] ?? "",
      () => (single ? onAnswer(value) : choose((before) => toggled(before, String(value)))),
    ]),
  );
  // Where a button has the focus, Enter is its own; a box that was clicked has it, and no use for Enter.
  keys["Enter"] = (event) => (event.target === document.body || event.target instanceof HTMLInputElement) && next();
  useKeys(question.kind === "number" ? {} : keys, true);

  return (
    <Stack gap="xs">
      <Text fw={600}>{worded(question.text, language)}</Text>
      {question.kind === "number" ? (
        <NumberInput aria-label={worded(question.text, language)} value={number} onChange={count} min={0} autoFocus onKeyDown={(event) => event.key === "Enter" && next()} />
      ) : single ? (
        <Group gap="xs">
          {options.map(([value, text], place) => (
            <Button key={text} size="xs" variant="default" onClick={() => onAnswer(value)} leftSection={<kbd>{KEYS[place]}</kbd>}>
              {text}
            </Button>
          ))}
        </Group>
      ) : (
        options.map(([value, text], place) => (
          <Checkbox
            key={text}
            label={
              <>
                <kbd>{KEYS[place]}</kbd> {text}
              </>
            }
            checked={chosen.includes(String(value))}
            onChange={() => choose((before) => toggled(before, String(value)))}
          />
        ))
      )}
      {single ? null : (
        <Button size="xs" onClick={next} disabled={!complete} rightSection={<kbd>Enter</kbd>}>
          {t("next")}
        </Button>
      )}
    </Stack>
  );
}

interface OutcomeProps {
  outcome: Schemas["OutcomeOutput"];
  names: Map<string, string>;
  practice: string;
  patient: Patient | null;
}

function Outcome({ outcome, names, practice, patient }: OutcomeProps): ReactNode {
  const { t } = useWords();
  const colour = { emergency: "red", urgent: "orange", routine: "teal" }[outcome.urgency];
  return (
    <Alert color={colour} variant="outline" role="status" title={t(`urgency_${outcome.urgency}`)}>
      <Text size="sm">
        {outcome.appointmentType ? (names.get(outcome.appointmentType) ?? outcome.appointmentType) : t("noTypeFits")}
      </Text>
      {outcome.tellPatient ? <Told text={outcome.tellPatient} practice={practice} patient={patient} /> : null}
    </Alert>
  );
}

/** In the patient's language; in that of the screen besides, or its reader would not know what she says. */
function Told({ text, practice, patient }: { text: Schemas["TextOutput"] } & Pick<OutcomeProps, "practice" | "patient">): ReactNode {
  const { t, language } = useWords();
  const theirs = useCommunication(practice, patient?.id ?? null).data?.told.language ?? language;
  const other = theirs !== language && worded(text, theirs) !== worded(text, language);
  return (
    <>
      <Text size="sm" mt={4}>
        <strong>{t("tellPatient")}:</strong> <span lang={theirs}>{worded(text, theirs)}</span>
      </Text>
      {other ? (
        <Text size="sm" mt={4} className="muted">
          {worded(text, language)}
        </Text>
      ) : null}
    </>
  );
}

function toggled(before: string[], value: string): string[] {
  return before.includes(value) ? before.filter((each) => each !== value) : [...before, value];
}

function worded(text: Schemas["TextOutput"], language: string): string {
  const words = text as unknown as Record<string, string>;
  return words[language] || words["en"] || "";
}
