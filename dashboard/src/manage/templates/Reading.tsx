/** How the message reads to the patient, and how many texts it is. */

import { Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Failure } from "../../Failure";
import { Refusal } from "../../api/client";
import { lengthOf } from "../../lib/segments";
import { useWords } from "../words";
import type { Preview } from "./data";

interface Props {
  preview: UseQueryResult<Preview>;
  channel: string;
  language: string;
  /** What is written could not be sent: what is shown is how it read before. */
  stale: boolean;
}

export function Reading({ preview, channel, language, stale }: Props): ReactNode {
  const { t } = useWords();
  const { data, error } = preview;
  const length = lengthOf(data?.body ?? "");
  return (
    <Stack gap="sm" component="section" aria-label={t("templatePreview")}>
      <Title order={3} size="h4">
        {t("templatePreview")}
      </Title>
      <Text size="sm" className="muted">
        {t(stale ? "templateStale" : "templatePreviewHint")}
      </Text>
      {/* What is refused stands at its field. */}
      {error && !(error instanceof Refusal && error.status === 400) ? (
        <Failure error={error} retry={() => void preview.refetch()} />
      ) : null}
      {data ? (
        <>
          <Paper withBorder p="sm" className="bubble" lang={language}>
            {data.subject ? (
              <Text fw={600} mb="xs">
                {data.subject}
              </Text>
            ) : null}
            <Text className="script">{data.body}</Text>
          </Paper>
          {channel === "sms" ? (
            <Text size="sm">{t(length.segments === 1 ? "templateSegmentOne" : "templateSegments", { ...length })}</Text>
          ) : null}
        </>
      ) : error ? null : (
        <Skeleton height={96} role="status" aria-label={t("loading")} />
      )}
    </Stack>
  );
}
