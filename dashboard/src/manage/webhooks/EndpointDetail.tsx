/** One endpoint: how it fares and what to do, its secret, a test, and what was delivered to it. */

import { Alert, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, told } from "../../api/client";
import { Confirm } from "../Confirm";
import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { Secret } from "../Secret";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { useEndpoint, useForgotten, useRefresh, type WebhookEndpoint, type WithSecret } from "./data";
import { Deliveries } from "./Deliveries";
import { EndpointForm } from "./EndpointForm";
import { TestEvent } from "./TestEvent";
import { Hears, HowItFares } from "./Webhooks";

interface Props {
  id: string;
  /** Just made or given a new secret, which is shown this once. */
  made: WithSecret | null;
  onSecret: (made: WithSecret | null) => void;
  onClose: () => void;
}

export function EndpointDetail({ id, made, onSecret, onClose }: Props): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const endpoint = useEndpoint(id);
  const back = (
    <Button variant="default" onClick={onClose}>
      ← {t("backToEndpoints")}
    </Button>
  );
  const until = made?.previousSecretUntil;
  return (
    <Page title={t("endpoint")} actions={back}>
      {made ? (
        <Secret
          secret={made.secret}
          onStored={() => onSecret(null)}
          {...(until ? { note: t("secretBefore", { when: when(until) }) } : {})}
        />
      ) : null}
      <Loaded query={endpoint}>
        {(found) => (
          <>
            <Settings endpoint={found} onSecret={onSecret} onClose={onClose} />
            <TestEvent endpointId={id} enabled={found.status === "enabled"} />
            <Deliveries endpoint={found} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface Setting {
  endpoint: WebhookEndpoint;
  onSecret: (made: WithSecret) => void;
  onClose: () => void;
}

function useChange(id: string) {
  const refresh = useRefresh();
  const path = { webhook_endpoint_id: id };
  type Body = Partial<Pick<WebhookEndpoint, "url" | "description" | "status">> & { enabledEvents?: string[] };
  return useMutation({
    // What the body leaves out stays as it is, whatever the description of the API says of defaults.
    mutationFn: (body: Body) =>
      told(() => api.PATCH("/api/v2/webhook-endpoints/{webhook_endpoint_id}", { params: { path }, body: body as never })),
    onSettled: refresh,
  });
}

function Settings({ endpoint, onSecret, onClose }: Setting): ReactNode {
  const { t } = useWords();
  const [doing, start] = useState<"edit" | "disable" | "rotate" | "delete" | null>(null);
  const changing = useChange(endpoint.webhookEndpointId);
  const enabled = endpoint.status === "enabled";
  const stop = (): void => {
    changing.reset();
    start(null);
  };
  if (doing === "edit") {
    return (
      <Paper withBorder p="md">
        <EndpointForm
          endpoint={endpoint}
          doing={t("saveEndpoint")}
          pending={changing.isPending}
          error={changing.error}
          onDone={(fields) => changing.mutate(fields, { onSuccess: stop })}
          onClose={stop}
        />
      </Paper>
    );
  }
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Group justify="space-between" align="start">
          <div>
            <Text fw={700} className="address">
              {endpoint.url}
            </Text>
            <Text size="sm">{endpoint.description}</Text>
          </div>
          <div data-endpoint-status={endpoint.status} role="status">
            <HowItFares endpoint={endpoint} />
          </div>
        </Group>
        <Hears patterns={endpoint.enabledEvents} />
        {enabled ? null : (
          <Alert color="red" variant="outline">
            {t(`disabled_${endpoint.disabledBecause ?? "asked"}`)}
          </Alert>
        )}
        {changing.error && doing === null ? <Failure error={changing.error} /> : null}
        <Group gap="xs">
          {enabled ? null : (
            <Button size="xs" loading={changing.isPending} onClick={() => changing.mutate({ status: "enabled" })}>
              {t("enable")}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => start("edit")}>
            {t("editEndpoint")}
          </Button>
          <Button size="xs" variant="default" onClick={() => start("rotate")}>
            {t("rotate")}
          </Button>
          {enabled ? (
            <Button size="xs" variant="default" onClick={() => start("disable")}>
              {t("disable")}
            </Button>
          ) : null}
          <Button size="xs" color="red" variant="outline" onClick={() => start("delete")}>
            {t("deleteEndpoint")}
          </Button>
        </Group>
      </Stack>
      {doing === "disable" ? (
        <Confirm
          title={t("disableTitle")}
          text={t("disableText")}
          doing={t("disable")}
          pending={changing.isPending}
          error={changing.error}
          onDo={() => changing.mutate({ status: "disabled" }, { onSuccess: stop })}
          onClose={stop}
        />
      ) : null}
      {doing === "rotate" ? <Rotate endpoint={endpoint} onSecret={onSecret} onClose={stop} /> : null}
      {doing === "delete" ? <Delete endpoint={endpoint} onGone={onClose} onClose={stop} /> : null}
    </Paper>
  );
}

function Rotate({ endpoint, onSecret, onClose }: Setting): ReactNode {
  const { t } = useWords();
  const path = { webhook_endpoint_id: endpoint.webhookEndpointId };
  const rotating = useMutation({
    mutationFn: () => told(() => api.POST("/api/v2/webhook-endpoints/{webhook_endpoint_id}/rotate-secret", { params: { path } })),
    onSuccess: (made) => {
      onSecret(made);
      onClose();
    },
  });
  return (
    <Confirm
      title={t("rotateTitle")}
      text={t("rotateText")}
      doing={t("rotate")}
      pending={rotating.isPending}
      error={rotating.error}
      onDo={() => rotating.mutate()}
      onClose={onClose}
    />
  );
}

function Delete({ endpoint, onGone, onClose }: { endpoint: WebhookEndpoint; onGone: () => void; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const refresh = useForgotten();
  const path = { webhook_endpoint_id: endpoint.webhookEndpointId };
  const deleting = useMutation({
    mutationFn: () => told(() => api.DELETE("/api/v2/webhook-endpoints/{webhook_endpoint_id}", { params: { path } })),
    onSuccess: async () => {
      onGone();
      await refresh();
    },
  });
  return (
    <Confirm
      title={t("deleteTitle")}
      text={t("deleteText")}
      doing={t("deleteEndpoint")}
      pending={deleting.isPending}
      error={deleting.error}
      onDo={() => deleting.mutate()}
      onClose={onClose}
    />
  );
}
