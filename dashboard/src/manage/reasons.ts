/** Why a delivery failed, in words where the code has any. */

import { useWords } from "./words";

const HTTP = /^http_(\d{3})$/;

export function useReason(): (code: string | null) => string {
  const { t, has } = useWords();
  return (code) => {
    if (!code) return "—";
    const status = HTTP.exec(code)?.[1];
    if (status) return t("why_http", { status });
    const key = `why_${code.startsWith("address_") ? "address" : code}`;
    return has(key) ? t(key) : code;
  };
}
