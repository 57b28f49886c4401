import { NativeSelect } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords, type Language } from "./i18n";

export function LanguageChoice({ short = false }: { short?: boolean }): ReactNode {
  const { t, language, speak } = useWords();
  return (
    <NativeSelect
      size="xs"
      aria-label={t("language")}
      value={language}
      onChange={(event) => speak(event.currentTarget.value as Language)}
      data={[
        { value: "en", label: short ? "EN" : "English" },
        { value: "es", label: short ? "ES" : "Español" },
      ]}
    />
  );
}
