/** What an example expects: which outcome, or which question is asked next. */

import { Group, NativeSelect, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import type { Reference } from "./data";
import { URGENCIES, type Content, type Expected } from "./definition";
import { spoken, titled } from "./spoken";

interface ExpectationProps {
  expects: Expected;
  content: Content;
  reference: Reference;
  onChange: (expects: Expected) => void;
}

const OTHERWISE = "=otherwise";
const ANY = "=any";
const ASKS = "=asks:";

export function Expectation({ expects, content, reference, onChange }: ExpectationProps): ReactNode {
  const { t, language } = useWords();
  const { questions, rules, otherwise } = content.definition;
  const decided = expects.asks === undefined;
  const value = !decided ? `${ASKS}${expects.asks}` : expects.rule === null ? OTHERWISE : (expects.rule ?? ANY);
  const named = [...rules.map((rule) => rule.outcome), otherwise].flatMap((outcome) => outcome.appointmentTypes);
  const codes = [...new Set([...reference.types.map((type) => type.code), ...named])];
  const any = { value: "", label: t("protocolExpectedAny") };
  function choose(chosen: string): void {
    if (chosen.startsWith(ASKS)) return onChange({ asks: chosen.slice(ASKS.length) });
    const outcome = chosen === OTHERWISE ? otherwise : rules.find((rule) => rule.id === chosen)?.outcome;
    const [appointmentType] = outcome?.appointmentTypes ?? [];
    const rest: Expected = outcome
      ? { urgency: outcome.urgency, ...(appointmentType === undefined ? {} : { appointmentType }) }
      : { urgency: expects.urgency ?? "routine" };
    onChange(chosen === ANY ? rest : { ...rest, rule: chosen === OTHERWISE ? null : chosen });
  }
  return (
    <div role="group" aria-label={t("protocolExpected")}>
      <Title order={4} size="h5" mb="xs">
        {t("protocolExpected")}
      </Title>
      <Group align="start">
        <NativeSelect
          label={t("protocolExpectedEnd")}
          value={value}
          data={[
            {
              group: t("protocolExpectedRule"),
              items: [
                ...rules.map((rule) => ({ value: rule.id, label: titled(rule.id) })),
                { value: OTHERWISE, label: t("protocolOtherwise") },
                { value: ANY, label: t("protocolExpectedAny") },
              ],
            },
            {
              group: t("protocolExpectedAsks"),
              items: questions.map((question) => ({
                value: `${ASKS}${question.id}`,
                label: spoken(question.text, language) || question.id,
              })),
            },
          ]}
          onChange={(event) => choose(event.currentTarget.value)}
        />
        {decided ? (
          <>
            <NativeSelect
              label={t("by_type")}
              value={expects.appointmentType ?? ""}
              data={[any, ...codes.map((code) => ({ value: code, label: titled(code) }))]}
              onChange={(event) => {
                const { appointmentType: _, ...rest } = expects;
                const code = event.currentTarget.value;
                onChange(code ? { ...rest, appointmentType: code } : rest);
              }}
            />
            <NativeSelect
              label={t("protocolUrgency")}
              value={expects.urgency ?? ""}
              data={[any, ...URGENCIES.map((urgency) => ({ value: urgency, label: t(`protocol_${urgency}`) }))]}
              onChange={(event) => {
                const { urgency: _, ...rest } = expects;
                const urgency = event.currentTarget.value as Expected["urgency"] | "";
                onChange(urgency ? { ...rest, urgency } : rest);
              }}
            />
          </>
        ) : null}
      </Group>
    </div>
  );
}
