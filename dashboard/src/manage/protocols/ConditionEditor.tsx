/** When a rule holds: one answer, or several of them together, each of which may be several again. */

import { Button, Checkbox, Group, NativeSelect, NumberInput, SegmentedControl, Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import { leafOf, leavesOf, replaced, without, type Condition, type Definition, type Leaf } from "./definition";
import { useEditing } from "./parts";
import { spoken } from "./spoken";

type Form = "one" | "all" | "any" | "not";

interface Props {
  condition: Condition;
  definition: Definition;
  onChange: (condition: Condition) => void;
}

export function ConditionEditor({ condition, definition, onChange }: Props): ReactNode {
  const { t } = useWords();
  const form = formOf(condition);
  return (
    <Stack gap="xs">
      <NativeSelect
        aria-label={t("protocolForm")}
        className="own-width"
        value={form}
        data={(["one", "all", "any", "not"] as const).map((value) => ({ value, label: t(`protocolForm_${value}`) }))}
        onChange={(event) => onChange(turned(condition, event.currentTarget.value as Form))}
      />
      <Inner condition={condition} definition={definition} onChange={onChange} />
    </Stack>
  );
}

function Inner({ condition, definition, onChange }: Props): ReactNode {
  if ("all" in condition) {
    return <Parts parts={condition.all} definition={definition} onChange={(all) => onChange({ all })} />;
  }
  if ("any" in condition) {
    return <Parts parts={condition.any} definition={definition} onChange={(any) => onChange({ any })} />;
  }
  if ("not" in condition) {
    return (
      <div className="protocol-part">
        <ConditionEditor condition={condition.not} definition={definition} onChange={(not) => onChange({ not })} />
      </div>
    );
  }
  return <LeafEditor leaf={condition} definition={definition} onChange={onChange} />;
}

interface PartsProps {
  parts: Condition[];
  definition: Definition;
  onChange: (parts: Condition[]) => void;
}

function Parts({ parts, definition, onChange }: PartsProps): ReactNode {
  const { t } = useWords();
  const editing = useEditing();
  const [first] = definition.questions;
  return (
    <Stack gap="sm">
      {parts.map((part, at) => (
        <div key={at} className="protocol-part" role="group" aria-label={t("protocolPart", { number: at + 1 })}>
          <ConditionEditor
            condition={part}
            definition={definition}
            onChange={(changed) => onChange(replaced(parts, at, changed))}
          />
          {editing && parts.length > 1 ? (
            <Button size="compact-xs" mt={4} variant="subtle" color="red" onClick={() => onChange(without(parts, at))}>
              {t("protocolRemovePart", { number: at + 1 })}
            </Button>
          ) : null}
        </div>
      ))}
      {editing && first ? (
        <Button
          size="xs"
          variant="default"
          className="own-width"
          onClick={() => onChange([...parts, leafOf(first)])}
        >
          {t("protocolAddPart")}
        </Button>
      ) : null}
    </Stack>
  );
}

interface LeafProps {
  leaf: Leaf;
  definition: Definition;
  onChange: (leaf: Leaf) => void;
}

function LeafEditor({ leaf, definition, onChange }: LeafProps): ReactNode {
  const { t, language } = useWords();
  const question = definition.questions.find((each) => each.id === leaf.question);
  return (
    <Stack gap="xs">
      <NativeSelect
        label={t("protocolQuestion")}
        value={leaf.question}
        data={definition.questions.map((each) => ({ value: each.id, label: spoken(each.text, language) || each.id }))}
        onChange={(event) => {
          const chosen = definition.questions.find((each) => each.id === event.currentTarget.value);
          if (chosen) onChange(leafOf(chosen));
        }}
      />
      {"anyOf" in leaf ? (
        <Checkbox.Group
          label={t("protocolAnyOf")}
          value={leaf.anyOf}
          onChange={(anyOf) => onChange({ ...leaf, anyOf })}
        >
          <Group gap="md" mt={4}>
            {question?.options.map((option) => (
              <Checkbox key={option.value} value={option.value} label={spoken(option.text, language) || option.value} />
            ))}
          </Group>
        </Checkbox.Group>
      ) : "is" in leaf ? (
        <SegmentedControl
          className="own-width"
          aria-label={t("protocolAnswerIs")}
          value={leaf.is ? "yes" : "no"}
          data={[
            { value: "yes", label: t("yes") },
            { value: "no", label: t("no") },
          ]}
          onChange={(value) => onChange({ ...leaf, is: value === "yes" })}
        />
      ) : (
        <Group>
          <Bound
            label={t("protocolAtLeast")}
            value={leaf.atLeast}
            onChange={(atLeast) => onChange(bounds(leaf.question, atLeast, leaf.below))}
          />
          <Bound
            label={t("protocolBelow")}
            value={leaf.below}
            onChange={(below) => onChange(bounds(leaf.question, leaf.atLeast, below))}
          />
        </Group>
      )}
    </Stack>
  );
}

interface BoundProps {
  label: string;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}

function Bound({ label, value, onChange }: BoundProps): ReactNode {
  return (
    <NumberInput
      w={140}
      label={label}
      value={value ?? ""}
      allowDecimal={false}
      onChange={(entered) => onChange(typeof entered === "number" ? entered : undefined)}
    />
  );
}

function bounds(question: string, atLeast: number | undefined, below: number | undefined): Leaf {
  return {
    question,
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(below === undefined ? {} : { below }),
  };
}

function formOf(condition: Condition): Form {
  if ("all" in condition) return "all";
  if ("any" in condition) return "any";
  return "not" in condition ? "not" : "one";
}

/** The same answers in another form, as far as it has room for them. */
function turned(condition: Condition, form: Form): Condition {
  const parts = "all" in condition ? condition.all : "any" in condition ? condition.any : [condition];
  if (form === "all") return { all: parts };
  if (form === "any") return { any: parts };
  if (form === "not") return { not: condition };
  return leavesOf(condition)[0] as Leaf;
}
