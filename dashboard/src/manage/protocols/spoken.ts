/** A protocol in sentences, for lists of its rules. */

import type { Language } from "../../i18n";
import type { Translate } from "../words";
import type { Answer, Condition, Definition, Question, Said } from "./definition";

export function spoken(text: Said, language: Language): string {
  return (language === "es" ? text.es : undefined) ?? text.en;
}

/** A code as people read it: `red_eye` is Red eye. */
export function titled(code: string): string {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** When a rule holds, such as "Do you wear contact lenses? yes". */
export function described(condition: Condition, definition: Definition, language: Language, t: Translate): string {
  const inner = (part: Condition): string => described(part, definition, language, t);
  if ("all" in condition) return condition.all.map(inner).join(` ${t("protocolAnd")} `);
  if ("any" in condition) return condition.any.map(inner).join(` ${t("protocolOr")} `);
  if ("not" in condition) return `${t("protocolNot")} (${inner(condition.not)})`;
  const question = definition.questions.find((each) => each.id === condition.question);
  const asked = question ? spoken(question.text, language) : condition.question;
  if ("anyOf" in condition) return `${asked} ${options(condition.anyOf, question, language)}`;
  if ("is" in condition) return `${asked} ${t(condition.is ? "yes" : "no")}`;
  const least = condition.atLeast === undefined ? [] : [`≥ ${condition.atLeast}`];
  const below = condition.below === undefined ? [] : [`< ${condition.below}`];
  return `${asked} ${[...least, ...below].join(", ")}`;
}

export function answered(answer: Answer, question: Question | undefined, language: Language, t: Translate): string {
  if (typeof answer === "boolean") return t(answer ? "yes" : "no");
  if (typeof answer === "number") return String(answer);
  return options(Array.isArray(answer) ? answer : [answer], question, language);
}

function options(values: string[], question: Question | undefined, language: Language): string {
  return values
    .map((value) => {
      const option = question?.options.find((each) => each.value === value);
      return option ? spoken(option.text, language) : value;
    })
    .join(" / ");
}
