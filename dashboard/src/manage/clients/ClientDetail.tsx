/** One program: what it may do, its secrets and certificates, and its end. */

import { Alert, Button, Code, Group, Paper, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Confirm } from "../Confirm";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { Secret } from "../Secret";
import { useWords } from "../words";
import { Certificates } from "./Certificates";
import { ClientForm } from "./ClientForm";
import { ClientStatus } from "./Clients";
import { revoke, update, useChange, useClient, type ApiClient, type WithSecret } from "./data";
import { Secrets } from "./Secrets";

interface Props {
  id: string;
  /** Just made, and shown this once. */
  secret: string | null;
  onSecret: (made: WithSecret | null) => void;
  onClose: () => void;
}

export function ClientDetail({ id, secret, onSecret, onClose }: Props): ReactNode {
  const { t } = useWords();
  const client = useClient(id);
  const back = (
    <Button variant="default" onClick={onClose}>
      ← {t("backToClients")}
    </Button>
  );
  return (
    <Page title={t("client")} actions={back}>
      {secret ? <Secret secret={secret} onStored={() => onSecret(null)} /> : null}
      <Loaded query={client}>
        {(found) => (
          <>
            <Settings client={found} />
            {found.jwks ? null : <Secrets client={found} onSecret={onSecret} />}
            <Certificates client={found} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Settings({ client }: { client: ApiClient }): ReactNode {
  const { t, has } = useWords();
  const [doing, start] = useState<"edit" | "revoke" | null>(null);
  const updating = useChange((fields: Parameters<typeof update>[1]) => update(client.id, fields));
  const revoking = useChange(() => revoke(client.id));
  const stop = (): void => {
    updating.reset();
    revoking.reset();
    start(null);
  };
  if (doing === "edit") {
    return (
      <Paper withBorder p="md">
        <ClientForm
          client={client}
          doing={t("saveClient")}
          pending={updating.isPending}
          error={updating.error}
          onDone={(fields) => updating.mutate(fields, { onSuccess: stop })}
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
            <Text fw={700}>{client.name}</Text>
            <Text size="sm">
              {t("clientId")}: <Code>{client.id}</Code>
            </Text>
          </div>
          <div role="status" data-client-status={client.status}>
            <ClientStatus client={client} />
          </div>
        </Group>
        <ul className="plain">
          {client.scopes.map((scope) => {
            const key = `scope_${scope}`;
            return (
              <li key={scope}>
                {has(key) ? t(key) : scope} <Code>{scope}</Code>
              </li>
            );
          })}
        </ul>
        <Text size="sm">{t(client.plan ? `clientPlan_${client.plan}` : "clientPlan")}</Text>
        {client.jwks ? <Text size="sm">{t("provesByKeys")}</Text> : null}
        {client.status === "revoked" ? (
          <Alert color="red" variant="outline">
            {t("revokedForGood")}
          </Alert>
        ) : (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => start("edit")}>
              {t("editClient")}
            </Button>
            <Button size="xs" color="red" variant="outline" onClick={() => start("revoke")}>
              {t("revoke")}
            </Button>
          </Group>
        )}
      </Stack>
      {doing === "revoke" ? (
        <Confirm
          title={t("revokeTitle", { name: client.name })}
          text={t("revokeText")}
          doing={t("revoke")}
          pending={revoking.isPending}
          error={revoking.error}
          onDo={() => revoking.mutate(undefined, { onSuccess: stop })}
          onClose={stop}
        />
      ) : null}
    </Paper>
  );
}
