/** How much of the plan the practice's programs have used today, and when there is more. */

import { Paper, Progress, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, told } from "../../api/client";
import { useHere } from "../../here";
import { Loaded } from "../Loaded";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { percent, roomOf, type Usage } from "./state";

const ASKED_EVERY = 30_000;
const COLOUR = { room: "indigo.8", near: "yellow.8", over: "red.8" } as const;

export function UsageOfPlan(): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const found = useQuery({
    queryKey: ["usage", practice.id],
    queryFn: () => told(() => api.GET("/api/v2/billing/usage")),
    staleTime: 0,
    refetchInterval: ASKED_EVERY,
  });
  return (
    <Stack gap="sm" component="section" aria-label={t("usage")}>
      <div className="page-title">
        <Title order={3} size="h4">
          {t("usage")}
        </Title>
        <Text size="sm" className="muted">
          {t("usageHint")}
        </Text>
      </div>
      <Loaded query={found}>{({ requestsToday }) => <Requests usage={requestsToday} />}</Loaded>
    </Stack>
  );
}

function Requests({ usage }: { usage: Usage }): ReactNode {
  const { t, language } = useWords();
  const when = useMoment();
  const number = new Intl.NumberFormat(language);
  const limit = number.format(usage.limit);
  const { used } = usage;
  return (
    <Paper withBorder p="md" maw={520}>
      <Text size="sm" fw={700}>
        {t("usageRequests")}
      </Text>
      {used === null ? (
        <Text size="sm">{t("usageUnknown", { limit })}</Text>
      ) : (
        <Bar used={used} limit={usage.limit} words={t("usageOf", { used: number.format(used), limit, percent: percent({ used, limit: usage.limit }) })} />
      )}
      <Text size="sm" className="muted">
        {t("usageRefills", { when: when(usage.refillsAt) })}
      </Text>
    </Paper>
  );
}

function Bar({ used, limit, words }: { used: number; limit: number; words: string }): ReactNode {
  const { t } = useWords();
  const room = roomOf({ used, limit });
  return (
    <>
      <Progress.Root size="lg" my={6}>
        <Progress.Section value={percent({ used, limit })} color={COLOUR[room]} aria-label={`${t("usageRequests")}: ${words}`} />
      </Progress.Root>
      <Text size="sm" data-usage={room}>
        {words} {t(`usage_${room}`)}
      </Text>
    </>
  );
}
