/** The questions that callers are asked, and what they may answer. */

import { Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import { codeFor, replaced, usesOf, within, without, type Definition, type Kind, type Question } from "./definition";
import { Items, Texts, useEditing } from "./parts";
import { titled } from "./spoken";

interface Props {
  definition: Definition;
  errors: Record<string, string>;
  onChange: (definition: Definition) => void;
}

const KINDS: Kind[] = ["choice", "choices", "yes_no", "number"];

export function Questions({ definition, errors, onChange }: Props): ReactNode {
  const { t } = useWords();
  const { questions } = definition;
  const used = (question: Question): string | null => {
    const rules = usesOf(definition, question.id);
    return rules.length > 0 ? t("protocolUsedBy", { rules: rules.map(titled).join(", ") }) : null;
  };
  return (
    <>
      <Text size="sm" mb="sm">
        {t("protocolQuestionsHint")}
      </Text>
      <Items
        items={questions}
        title={(question) => question.text.en || t("protocolNewQuestion")}
        hint={(question) => `${t(`protocol_${question.kind}`)} · ${question.id}`}
        kept={(question) => used(question) ?? (questions.length === 1 ? t("protocolLastQuestion") : null)}
        bad={(at) => within(errors, `definition/questions/${at}`)}
        addLabel={t("protocolAddQuestion")}
        make={(): Question => ({
          id: codeFor("", questions.map((question) => question.id), "question"),
          text: { en: "" },
          kind: "yes_no",
          options: [],
        })}
        onChange={(changed) => onChange({ ...definition, questions: changed })}
      >
        {(question, at) => (
          <OneQuestion
            question={question}
            definition={definition}
            used={used(question)}
            place={`definition/questions/${at}`}
            errors={errors}
            onChange={(changed) => onChange({ ...definition, questions: replaced(questions, at, changed) })}
          />
        )}
      </Items>
    </>
  );
}

interface OneProps {
  question: Question;
  definition: Definition;
  used: string | null;
  place: string;
  errors: Record<string, string>;
  onChange: (question: Question) => void;
}

function OneQuestion({ question, definition, used, place, errors, onChange }: OneProps): ReactNode {
  const { t } = useWords();
  function turn(kind: Kind): void {
    const { fact: _, ...rest } = question;
    onChange({ ...rest, kind, options: kind.startsWith("choice") ? question.options : [] });
  }
  const facts = question.kind === "yes_no" ? ["new_patient"] : question.kind === "number" ? ["age"] : [];
  return (
    <Stack gap="sm">
      <Texts
        label={t("protocolQuestion")}
        value={question.text}
        place={`${place}/text`}
        errors={errors}
        onChange={(text) => onChange({ ...question, text: text ?? { en: "" } })}
      />
      <Group align="start">
        <NativeSelect
          label={t("protocolKind")}
          description={used ?? undefined}
          value={question.kind}
          data={KINDS.map((kind) => ({
            value: kind,
            label: t(`protocol_${kind}`),
            // What rules ask of it must stay answerable.
            disabled: used !== null && formOf(kind) !== formOf(question.kind),
          }))}
          onChange={(event) => turn(event.currentTarget.value as Kind)}
        />
        {facts.length > 0 ? (
          <NativeSelect
            label={t("protocolFact")}
            value={question.fact ?? ""}
            data={[
              { value: "", label: t("protocolFactNone") },
              ...facts.map((fact) => ({ value: fact, label: t(fact === "age" ? "protocolFactAge" : "protocolFactNew") })),
            ]}
            onChange={(event) => {
              const { fact: _, ...rest } = question;
              const fact = event.currentTarget.value as Question["fact"] | "";
              onChange(fact ? { ...rest, fact } : rest);
            }}
          />
        ) : null}
      </Group>
      {question.kind.startsWith("choice") ? (
        <Options question={question} definition={definition} place={place} errors={errors} onChange={onChange} />
      ) : null}
    </Stack>
  );
}

/** A choice and choices are asked about alike. */
function formOf(kind: Kind): string {
  return kind === "choices" ? "choice" : kind;
}

function Options({ question, definition, place, errors, onChange }: Omit<OneProps, "used">): ReactNode {
  const { t } = useWords();
  const editing = useEditing();
  const { options } = question;
  return (
    <Stack gap="xs" role="group" aria-label={t("protocolAnswers")}>
      <Text fw={600} size="sm">
        {t("protocolAnswers")}
      </Text>
      {errors[`${place}/options`] ? (
        <Text size="sm" role="alert">
          {errors[`${place}/options`]}
        </Text>
      ) : null}
      {options.map((option, at) => {
        const rules = usesOf(definition, question.id, option.value);
        return (
          <div key={option.value} className="protocol-part">
            <Texts
              label={t("protocolAnswer", { number: at + 1 })}
              value={option.text}
              place={`${place}/options/${at}/text`}
              errors={errors}
              onChange={(text) =>
                onChange({ ...question, options: replaced(options, at, { ...option, text: text ?? { en: "" } }) })
              }
            />
            {editing ? (
              <Group gap="xs" mt={4}>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="red"
                  disabled={rules.length > 0}
                  aria-label={`${t("protocolRemove")}: ${option.text.en}`}
                  onClick={() => onChange({ ...question, options: without(options, at) })}
                >
                  {t("protocolRemove")}
                </Button>
                {rules.length > 0 ? (
                  <Text size="xs" className="muted">
                    {t("protocolUsedBy", { rules: rules.map(titled).join(", ") })}
                  </Text>
                ) : null}
              </Group>
            ) : null}
          </div>
        );
      })}
      {editing ? (
        <Button
          size="xs"
          variant="default"
          className="own-width"
          onClick={() => {
            const value = codeFor("", options.map((option) => option.value), "answer");
            onChange({ ...question, options: [...options, { value, text: { en: "" } }] });
          }}
        >
          {t("protocolAddAnswer")}
        </Button>
      ) : null}
    </Stack>
  );
}
