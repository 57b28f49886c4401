/** What was asked for, or that it is on its way, or why it is not there and what to do. */

import { Skeleton, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Failure } from "../Failure";
import { useWords } from "../i18n";

/** The part of a query that is looked at; of a list in pages, its rows stand for the data. */
interface Asked<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

interface Props<T> {
  query: Asked<T>;
  /** Shown where there is nothing. */
  empty?: ReactNode;
  children: (found: T) => ReactNode;
}

export function Loaded<T>({ query, empty, children }: Props<T>): ReactNode {
  const { t } = useWords();
  if (query.data === undefined) {
    if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
    return (
      <Stack gap="xs" role="status" aria-label={t("loading")}>
        {[1, 2, 3].map((line) => (
          <Skeleton key={line} height={32} />
        ))}
      </Stack>
    );
  }
  const nothing = Array.isArray(query.data) && query.data.length === 0;
  return (
    <>
      {query.error ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {nothing ? (typeof empty === "object" ? empty : <Text c="var(--quiet)">{empty ?? t("nothing")}</Text>) : children(query.data)}
    </>
  );
}
