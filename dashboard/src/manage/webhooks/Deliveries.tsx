/** What was delivered to one endpoint, and what was not: the newest first. */

import { Anchor, Button, Group, NativeSelect, Stack, Table, Text, Title, VisuallyHidden } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, told } from "../../api/client";
import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { useReason } from "../reasons";
import { useWhen } from "../when";
import { useWords } from "../words";
import { Attempts } from "./Attempts";
import { useDeliveries, useRefresh, type Status, type WebhookDelivery, type WebhookEndpoint } from "./data";

const STATUSES: Status[] = ["delivered", "pending", "leased", "held", "dead", "discarded"];

export function Deliveries({ endpoint }: { endpoint: WebhookEndpoint }): ReactNode {
  const { t } = useWords();
  const [status, choose] = useState<Status | "">("");
  const [opened, open] = useState<string | null>(null);
  const found = useDeliveries(endpoint.webhookEndpointId, status);
  const refresh = useRefresh();
  const rows = found.data?.pages.flatMap((page) => page.data);
  const looked = rows?.find((row) => row.deliveryId === opened);
  return (
    <Stack gap="xs" component="section" aria-label={t("deliveries")}>
      <Group justify="space-between" align="end">
        <Title order={3} size="h4">
          {t("deliveries")}
        </Title>
        <Group gap="xs" align="end">
          <NativeSelect
            size="xs"
            label={t("status")}
            value={status}
            onChange={(event) => choose(event.currentTarget.value as Status | "")}
            data={[{ value: "", label: t("anyStatus") }, ...STATUSES.map((each) => ({ value: each, label: t(`delivery_${each}`) }))]}
          />
          <Button size="xs" variant="default" onClick={() => void refresh()}>
            {t("refresh")}
          </Button>
          <ReplayDead endpoint={endpoint} />
        </Group>
      </Group>
      <Loaded query={{ data: rows, error: found.error, refetch: found.refetch }} empty={t(status ? "noDeliveriesSo" : "noDeliveries")}>
        {(deliveries) => <Rows deliveries={deliveries} endpoint={endpoint} onOpen={open} />}
      </Loaded>
      {found.hasNextPage ? (
        <Button variant="default" className="own-width" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("more")}
        </Button>
      ) : null}
      {looked ? <Attempts delivery={looked} onClose={() => open(null)} /> : null}
    </Stack>
  );
}

/** All of them at once; whether there are any, is asked beside what is shown. */
function ReplayDead({ endpoint }: { endpoint: WebhookEndpoint }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const dead = useDeliveries(endpoint.webhookEndpointId, "dead").data?.pages[0];
  const path = { webhook_endpoint_id: endpoint.webhookEndpointId };
  const replaying = useMutation({
    mutationFn: () => told(() => api.POST("/api/v2/webhook-endpoints/{webhook_endpoint_id}/replay", { params: { path } })),
    onSettled: refresh,
  });
  const count = `${dead?.data.length ?? 0}${dead?.nextCursor ? "+" : ""}`;
  return (
    <>
      {dead?.data.length ? (
        <Button
          size="xs"
          loading={replaying.isPending}
          disabled={endpoint.status === "disabled"}
          onClick={() => replaying.mutate()}
        >
          {t("replayAll", { count })}
        </Button>
      ) : null}
      {replaying.error ? <Failure error={replaying.error} /> : null}
      <Text size="sm" role="status">
        {replaying.data ? t("replayed", { count: replaying.data.replayed }) : ""}
      </Text>
    </>
  );
}

interface Shown {
  deliveries: WebhookDelivery[];
  endpoint: WebhookEndpoint;
  onOpen: (id: string) => void;
}

function Rows({ deliveries, endpoint, onOpen }: Shown): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const replaying = useMutation({
    mutationFn: (id: string) =>
      told(() => api.POST("/api/v2/webhook-deliveries/{delivery_id}/replay", { params: { path: { delivery_id: id } } })),
    onSettled: refresh,
  });
  return (
    <>
      {replaying.error ? <Failure error={replaying.error} /> : null}
      <Table.ScrollContainer minWidth={700}>
        <Table aria-label={t("deliveries")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("event")}</Table.Th>
              <Table.Th>{t("madeAt")}</Table.Th>
              <Table.Th>{t("status")}</Table.Th>
              <Table.Th ta="right">{t("attempts")}</Table.Th>
              <Table.Th>{t("lastError")}</Table.Th>
              <Table.Th>
                <VisuallyHidden>{t("actions")}</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {deliveries.map((delivery) => (
              <Row
                key={delivery.deliveryId}
                delivery={delivery}
                // One that is replayed to what is disabled is dead again at once.
                replay={endpoint.status === "enabled" ? () => replaying.mutate(delivery.deliveryId) : null}
                pending={replaying.isPending && replaying.variables === delivery.deliveryId}
                onOpen={onOpen}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

interface One {
  delivery: WebhookDelivery;
  replay: (() => void) | null;
  pending: boolean;
  onOpen: (id: string) => void;
}

function Row({ delivery, replay, pending, onOpen }: One): ReactNode {
  const { t, has } = useWords();
  const when = useWhen();
  const reason = useReason();
  const key = `event_${delivery.eventType}`;
  return (
    <Table.Tr data-delivery={delivery.status}>
      <Table.Td>
        <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onOpen(delivery.deliveryId)}>
          {has(key) ? t(key) : delivery.eventType}
        </Anchor>
        <Text size="xs" className="muted">
          {delivery.eventType}
        </Text>
      </Table.Td>
      <Table.Td>{when(delivery.createdAt)}</Table.Td>
      <Table.Td>
        <DeliveryStatus status={delivery.status} />
        {delivery.nextAttemptAt && delivery.attempts > 0 ? (
          <Text size="xs" className="muted">
            {t("nextAttempt", { when: when(delivery.nextAttemptAt) })}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td ta="right">{delivery.attempts}</Table.Td>
      <Table.Td>{reason(delivery.lastError)}</Table.Td>
      <Table.Td ta="right">
        {delivery.status === "dead" && replay ? (
          <Button size="compact-xs" variant="default" loading={pending} onClick={replay}>
            {t("replay")}
          </Button>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}

const COLOURS: Partial<Record<Status, string>> = { delivered: "teal", dead: "red", pending: "yellow", leased: "yellow" };

export function DeliveryStatus({ status }: { status: Status }): ReactNode {
  const { t } = useWords();
  return (
    <Text size="sm" component="span">
      <span className={`dot ${COLOURS[status] ?? ""}`} aria-hidden /> {t(`delivery_${status}`)}
    </Text>
  );
}
