/** Words of what the desk loads only when it is opened: the patient's card, the week, the worklists. */

import { useMemo } from "react";

import { fill, useWords as useSharedWords, type Language, type Values } from "../../i18n";
import type { Key } from "../../i18n/en";
import { en, type DeskKey } from "./en";
import { es } from "./es";

const WORDS: Record<Language, Record<DeskKey, string>> = { en, es };

export type Translate = (key: Key | DeskKey, values?: Values) => string;

export function useWords(): { language: Language; t: Translate; has: (key: string) => key is DeskKey } {
  const { language, t: shared } = useSharedWords();
  return useMemo(() => {
    const has = (key: string): key is DeskKey => key in WORDS[language];
    const t: Translate = (key, values = {}) => (has(key) ? fill(WORDS[language][key], values) : shared(key, values));
    return { language, t, has };
  }, [language, shared]);
}
