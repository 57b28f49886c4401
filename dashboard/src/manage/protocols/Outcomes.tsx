/** What follows from the answers: rules in the order in which they are judged, and what holds where none does. */

import { Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import { ConditionEditor } from "./ConditionEditor";
import type { Reference } from "./data";
import { codeFor, leafOf, replaced, within, type Content, type Rule } from "./definition";
import { OutcomeForm } from "./OutcomeForm";
import { Items, useEditing } from "./parts";
import { described, titled } from "./spoken";

interface Props {
  content: Content;
  reference: Reference;
  errors: Record<string, string>;
  onChange: (content: Content) => void;
}

export function Outcomes({ content, reference, errors, onChange }: Props): ReactNode {
  const { t, language } = useWords();
  const editing = useEditing();
  const { definition } = content;
  const [first] = definition.questions;
  const names = definition.rules.map((rule) => rule.id);
  return (
    <Stack gap="md">
      <Text size="sm">{t("protocolOutcomesHint")}</Text>
      <Items
        items={definition.rules}
        title={(rule) => `${titled(rule.id)} → ${t(`protocol_${rule.outcome.urgency}`)}`}
        hint={(rule) => described(rule.when, definition, language, t)}
        bad={(at) => within(errors, `definition/rules/${at}`)}
        addLabel={t("protocolAddRule")}
        make={() => ({
          id: codeFor("", names, "rule"),
          when: first ? leafOf(first) : { any: [] },
          outcome: { appointmentTypes: definition.otherwise.appointmentTypes.slice(0, 1), urgency: "routine" as const },
        })}
        onChange={(rules) => onChange({ ...content, definition: { ...definition, rules } })}
      >
        {(rule, at) => (
          <Stack gap="md">
            <TextInput
              label={t("protocolRuleName")}
              description={t("protocolRuleNameHint")}
              value={rule.id}
              error={errors[`definition/rules/${at}/id`] ?? (names.indexOf(rule.id) === at ? undefined : t("protocolTwice"))}
              maxLength={40}
              onChange={(event) => onChange(renamed(content, at, event.currentTarget.value))}
            />
            <div role="group" aria-label={t("protocolWhen")}>
              <Title order={4} size="h5" mb="xs">
                {t("protocolWhen")}
              </Title>
              <ConditionEditor
                condition={rule.when}
                definition={definition}
                onChange={(when) => onChange(ruled(content, at, { ...rule, when }))}
              />
              {within(errors, `definition/rules/${at}/when`) ? (
                <Text size="sm" role="alert">
                  {errors[`definition/rules/${at}/when`] ?? t("protocolConditionRefused")}
                </Text>
              ) : null}
            </div>
            <div role="group" aria-label={t("protocolThen")}>
              <Title order={4} size="h5" mb="xs">
                {t("protocolThen")}
              </Title>
              <OutcomeForm
                outcome={rule.outcome}
                reference={reference}
                place={`definition/rules/${at}/outcome`}
                errors={errors}
                onChange={(outcome) => onChange(ruled(content, at, { ...rule, outcome }))}
              />
            </div>
          </Stack>
        )}
      </Items>
      <Paper withBorder p="md" component="section" aria-label={t("protocolOtherwise")}>
        <Title order={3} size="h5" mb="xs">
          {t("protocolOtherwise")}
        </Title>
        <fieldset className="frozen" disabled={!editing}>
          <OutcomeForm
            outcome={definition.otherwise}
            reference={reference}
            place="definition/otherwise"
            errors={errors}
            onChange={(otherwise) => onChange({ ...content, definition: { ...definition, otherwise } })}
          />
        </fieldset>
      </Paper>
    </Stack>
  );
}

function ruled(content: Content, at: number, rule: Rule): Content {
  const { definition } = content;
  return { ...content, definition: { ...definition, rules: replaced(definition.rules, at, rule) } };
}

/** Examples that expect the rule go on expecting it. */
function renamed(content: Content, at: number, typed: string): Content {
  const rule = content.definition.rules[at] as Rule;
  const id = typed.toLowerCase().replace(/[^a-z0-9_]+/g, "_");
  const examples = content.examples.map((example) =>
    example.expects.rule === rule.id ? { ...example, expects: { ...example.expects, rule: id } } : example,
  );
  return { ...ruled(content, at, { ...rule, id }), examples };
}
