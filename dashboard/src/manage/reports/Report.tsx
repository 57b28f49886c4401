/** One report: its name, what it means, by what it is told apart, its file, and the figures once they are there. */

import { Button, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useMutation, type UseQueryResult } from "@tanstack/react-query";
import { useId, type ReactNode } from "react";

import { Failure } from "../../Failure";
import { save } from "../download";
import { Loaded } from "../Loaded";
import { useWords } from "../words";

interface Props<T> {
  title: string;
  hint?: string;
  query: UseQueryResult<T>;
  empty: string;
  /** Fetches the text of the file. */
  file: () => Promise<string>;
  fileName: string;
  controls?: ReactNode;
  children: (found: T) => ReactNode;
}

export function Report<T>({ title, hint, query, empty, file, fileName, controls, children }: Props<T>): ReactNode {
  const { t } = useWords();
  const heading = useId();
  const fetching = useMutation({ mutationFn: file, onSuccess: (text) => save(text, fileName) });
  return (
    <Stack component="section" gap="sm" aria-labelledby={heading}>
      <Group justify="space-between" align="end">
        <div className="page-title">
          <Title order={3} size="h4" id={heading}>
            {title}
          </Title>
          {hint ? (
            <Text size="sm" className="muted">
              {hint}
            </Text>
          ) : null}
        </div>
        <Group gap="xs" align="end">
          {controls}
          <Button
            variant="default"
            aria-label={`${t("download")}: ${title}`}
            loading={fetching.isPending}
            onClick={() => fetching.mutate()}
          >
            {t("download")}
          </Button>
        </Group>
      </Group>
      {fetching.error ? <Failure error={fetching.error} retry={() => fetching.mutate()} /> : null}
      <Loaded query={query} empty={<Text>{empty}</Text>}>
        {children}
      </Loaded>
    </Stack>
  );
}

interface Choice<V extends string> {
  label: string;
  value: V;
  values: readonly { value: V; label: string }[];
  onChange: (value: V) => void;
}

export function Choose<V extends string>({ label, value, values, onChange }: Choice<V>): ReactNode {
  return (
    <NativeSelect
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as V)}
      data={[...values]}
    />
  );
}
