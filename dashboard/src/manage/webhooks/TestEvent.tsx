/** An event for this endpoint alone, and what became of it. */

import { Alert, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";

import { api, told } from "../../api/client";
import { Failure } from "../../Failure";
import { useReason } from "../reasons";
import { useWhen } from "../when";
import { useWords } from "../words";
import { tried, useDeliveryOf, useRefresh } from "./data";

const LONG = 20_000;

export function TestEvent({ endpointId, enabled }: { endpointId: string; enabled: boolean }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const path = { webhook_endpoint_id: endpointId };
  const sending = useMutation({
    mutationFn: () => told(() => api.POST("/api/v2/webhook-endpoints/{webhook_endpoint_id}/test", { params: { path } })),
    onSettled: refresh,
  });
  return (
    <Stack gap="xs" component="section" aria-label={t("test")}>
      {enabled ? (
        <Group gap="sm">
          <Button size="xs" loading={sending.isPending} onClick={() => sending.mutate()}>
            {t("sendTest")}
          </Button>
          <Text size="sm" className="muted">
            {t("testHint")}
          </Text>
        </Group>
      ) : null}
      {sending.error ? <Failure error={sending.error} /> : null}
      {sending.data ? <Result key={sending.data.eventId} endpointId={endpointId} eventId={sending.data.eventId} /> : null}
    </Stack>
  );
}

function Result({ endpointId, eventId }: { endpointId: string; eventId: string }): ReactNode {
  const { t } = useWords();
  const when = useWhen();
  const reason = useReason();
  const [since] = useState(Date.now);
  const found = useDeliveryOf(endpointId, eventId);
  const delivery = found.data;
  const over = Boolean(delivery && tried(delivery));
  const refresh = useRefresh();
  useEffect(() => {
    // An answer may have disabled the endpoint, or shown that it works again.
    if (over) void refresh();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when it is over
  }, [over]);
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!delivery || !tried(delivery)) {
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" aria-hidden />
        <Text size="sm">{t(found.dataUpdatedAt - since > LONG ? "testSlow" : "testWaits")}</Text>
      </Group>
    );
  }
  const arrived = delivery.status === "delivered";
  return (
    <Alert color={arrived ? "teal" : "red"} variant="outline" role="status" data-test-result={delivery.status}>
      <Text size="sm">
        {arrived
          ? t("testArrived", { when: when(delivery.deliveredAt) })
          : delivery.nextAttemptAt
            ? t("testFailed", { why: reason(delivery.lastError), when: when(delivery.nextAttemptAt) })
            : t("testDead", { why: reason(delivery.lastError) })}
      </Text>
    </Alert>
  );
}
