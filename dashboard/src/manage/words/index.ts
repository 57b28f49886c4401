/** Words of the manager's room: loaded with it, and not with the desk. */

import { useMemo } from "react";

import { fill, useWords as useDeskWords, type Language, type Values } from "../../i18n";
import type { Key } from "../../i18n/en";
import { en, type RoomKey } from "./en";
import { es } from "./es";

const WORDS: Record<Language, Record<RoomKey, string>> = { en, es };

export type Translate = (key: Key | RoomKey, values?: Values) => string;

export function useWords(): { language: Language; t: Translate; has: (key: string) => key is RoomKey } {
  const { language, t: shared } = useDeskWords();
  return useMemo(() => {
    const has = (key: string): key is RoomKey => key in WORDS[language];
    const t: Translate = (key, values = {}) => (has(key) ? fill(WORDS[language][key], values) : shared(key, values));
    return { language, t, has };
  }, [language, shared]);
}
