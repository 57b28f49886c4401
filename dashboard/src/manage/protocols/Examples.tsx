/** Saved examples: answers, and what must come of them. A draft of which one fails is not published. */

import { Alert, Checkbox, Group, NativeSelect, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { Failure } from "../../Failure";
import { useWords } from "../words";
import { useCheck, type Reference } from "./data";
import { replaced, within, type Answer, type Content, type Example, type Question } from "./definition";
import { Expectation } from "./Expectation";
import { Items } from "./parts";
import { answered, spoken, titled } from "./spoken";

interface Props {
  id: string;
  content: Content;
  reference: Reference;
  errors: Record<string, string>;
  /** What is shown differs from what is saved, and so from what was tried. */
  stale: boolean;
  onChange: (examples: Example[]) => void;
}

export function Examples({ id, content, reference, errors, stale, onChange }: Props): ReactNode {
  const { t, language } = useWords();
  const check = useCheck(id);
  const results = new Map((stale ? [] : (check.data?.results ?? [])).map((result) => [result.name, result]));
  const failing = check.data?.results.filter((result) => !result.passed).length ?? 0;
  const { definition, examples } = content;
  return (
    <Stack gap="sm">
      <Text size="sm">{t("protocolExamplesHint")}</Text>
      {check.error ? <Failure error={check.error} retry={() => void check.refetch()} /> : null}
      <Alert variant="outline" color={stale ? "gray" : failing > 0 ? "red" : "teal"} role="status">
        {stale
          ? t("protocolCheckStale")
          : check.data
            ? failing > 0
              ? t("protocolCheckFailed", { failing, count: examples.length })
              : t("protocolCheckPassed", { count: examples.length })
            : `${t("loading")} …`}
      </Alert>
      <Items
        items={examples}
        title={(example) => (
          <>
            {example.name || t("protocolNewExample")} <Result result={results.get(example.name)} />
          </>
        )}
        hint={(example) =>
          Object.entries(example.answers)
            .map(([name, answer]) => answered(answer, definition.questions.find((each) => each.id === name), language, t))
            .join(" · ")
        }
        bad={(at) => within(errors, `examples/${at}`)}
        addLabel={t("protocolAddExample")}
        make={() => ({ name: "", answers: {}, expects: { rule: null } })}
        onChange={onChange}
      >
        {(example, at) => (
          <OneExample
            example={example}
            content={content}
            reference={reference}
            actual={results.get(example.name)?.passed === false ? results.get(example.name)?.actual : undefined}
            error={errors[`examples/${at}/name`]}
            onChange={(changed) => onChange(replaced(examples, at, changed))}
          />
        )}
      </Items>
    </Stack>
  );
}

function Result({ result }: { result: { passed: boolean } | undefined }): ReactNode {
  const { t } = useWords();
  if (!result) return null;
  return (
    <span data-passed={result.passed}>
      {result.passed ? "✓" : "✗"} {t(result.passed ? "protocolPassed" : "protocolFailed")}
    </span>
  );
}

interface OneProps {
  example: Example;
  content: Content;
  reference: Reference;
  /** What came of it instead, where it failed. */
  actual: Record<string, unknown> | undefined;
  error: string | undefined;
  onChange: (example: Example) => void;
}

function OneExample({ example, content, reference, actual, error, onChange }: OneProps): ReactNode {
  const { t } = useWords();
  const { questions } = content.definition;
  return (
    <Stack gap="sm">
      {actual ? (
        <Alert variant="outline" color="red">
          {t("protocolCameOut", { actual: cameOut(actual, t("protocolOtherwise")) })}
        </Alert>
      ) : null}
      <TextInput
        label={t("protocolExampleName")}
        value={example.name}
        error={error}
        maxLength={120}
        onChange={(event) => onChange({ ...example, name: event.currentTarget.value })}
      />
      <div role="group" aria-label={t("protocolAnswers")}>
        <Title order={4} size="h5" mb="xs">
          {t("protocolAnswers")}
        </Title>
        <Stack gap="sm">
          {questions.map((question) => (
            <AnswerField
              key={question.id}
              question={question}
              answer={example.answers[question.id]}
              onChange={(answer) => {
                const { [question.id]: _, ...rest } = example.answers;
                onChange({ ...example, answers: answer === undefined ? rest : { ...rest, [question.id]: answer } });
              }}
            />
          ))}
        </Stack>
      </div>
      <Expectation
        expects={example.expects}
        content={content}
        reference={reference}
        onChange={(expects) => onChange({ ...example, expects })}
      />
    </Stack>
  );
}

function cameOut(actual: Record<string, unknown>, otherwise: string): string {
  return Object.values(actual)
    .map((each) => titled(String(each ?? otherwise)))
    .join(", ");
}

interface AnswerProps {
  question: Question;
  answer: Answer | undefined;
  onChange: (answer: Answer | undefined) => void;
}

function AnswerField({ question, answer, onChange }: AnswerProps): ReactNode {
  const { t, language } = useWords();
  const label = spoken(question.text, language) || question.id;
  if (question.kind === "choices") {
    const given = Array.isArray(answer) ? answer : [];
    return (
      <Checkbox.Group label={label} value={given} onChange={(chosen) => onChange(chosen.length > 0 ? chosen : undefined)}>
        <Group gap="md" mt={4}>
          {question.options.map((option) => (
            <Checkbox key={option.value} value={option.value} label={spoken(option.text, language) || option.value} />
          ))}
        </Group>
      </Checkbox.Group>
    );
  }
  if (question.kind === "number") {
    return (
      <NumberInput
        w={220}
        label={label}
        allowDecimal={false}
        value={typeof answer === "number" ? answer : ""}
        onChange={(entered) => onChange(typeof entered === "number" ? entered : undefined)}
      />
    );
  }
  const yesNo = question.kind === "yes_no";
  const options = yesNo
    ? [
        { value: "yes", label: t("yes") },
        { value: "no", label: t("no") },
      ]
    : question.options.map((option) => ({ value: option.value, label: spoken(option.text, language) || option.value }));
  const value = typeof answer === "boolean" ? (answer ? "yes" : "no") : typeof answer === "string" ? answer : "";
  return (
    <NativeSelect
      label={label}
      value={value}
      data={[{ value: "", label: t("protocolNotAnswered") }, ...options]}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        onChange(chosen === "" ? undefined : yesNo ? chosen === "yes" : chosen);
      }}
    />
  );
}
