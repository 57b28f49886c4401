/** Words of the screen, in the language that was chosen on it or else the browser's. */

import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { en, type Key } from "./en";
import { es } from "./es";
import { fill, type Values } from "./filling";

export { fill, type Values };

export type Language = "en" | "es";
export type Translate = (key: Key, values?: Values) => string;

const WORDS: Record<Language, Record<Key, string>> = { en, es };
const STORED = "mybcat.language";

interface Spoken {
  language: Language;
  speak: (language: Language) => void;
  t: Translate;
}

const Context = createContext<Spoken | null>(null);

export function Words({ children }: { children: ReactNode }): ReactNode {
  const [language, speak] = useState<Language>(chosen);
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(STORED, language);
  }, [language]);
  const value = useMemo<Spoken>(() => {
    const t: Translate = (key, values = {}) => fill(WORDS[language][key], values);
    return { language, speak, t };
  }, [language]);
  return <Context value={value}>{children}</Context>;
}

export function useWords(): Spoken {
  const found = useContext(Context);
  if (!found) throw new Error("outside of <Words>");
  return found;
}

function chosen(): Language {
  const stored = localStorage.getItem(STORED) ?? navigator.language.slice(0, 2);
  return stored === "es" ? "es" : "en";
}
