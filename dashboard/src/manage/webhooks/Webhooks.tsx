/** Where the practice's own programs hear of events: all endpoints, a new one, and one of them in detail. */

import { Anchor, Button, Paper, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { useOpened } from "../opened";
import { Page } from "../Page";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { useEndpoints, type WebhookEndpoint, type WithSecret } from "./data";
import { EndpointDetail } from "./EndpointDetail";
import { NewEndpoint } from "./EndpointForm";

export function Webhooks(): ReactNode {
  const [opened, open] = useOpened("/manage/webhooks");
  const [adding, add] = useState(false);
  // Here alone, and in no history: it is shown this once.
  const [made, make] = useState<WithSecret | null>(null);
  if (opened) {
    return (
      <EndpointDetail
        key={opened}
        id={opened}
        made={made?.webhookEndpointId === opened ? made : null}
        onSecret={make}
        onClose={() => {
          make(null);
          open(null);
        }}
      />
    );
  }
  if (adding) {
    return (
      <NewEndpoint
        onClose={() => add(false)}
        onMade={(endpoint) => {
          make(endpoint);
          add(false);
          open(endpoint.webhookEndpointId);
        }}
      />
    );
  }
  return <Endpoints onOpen={open} onNew={() => add(true)} />;
}

function Endpoints({ onOpen, onNew }: { onOpen: (id: string) => void; onNew: () => void }): ReactNode {
  const { t } = useWords();
  const endpoints = useEndpoints();
  const add = <Button onClick={onNew}>{t("newEndpoint")}</Button>;
  const first = (
    <Paper withBorder p="lg">
      <Stack align="start" gap="sm">
        <Text>{t("noEndpoints")}</Text>
        {add}
      </Stack>
    </Paper>
  );
  return (
    <Page title={t("webhooks")} hint={t("webhooksHint")} actions={endpoints.data?.length ? add : null}>
      <Loaded query={endpoints} empty={first}>
        {(found) => (
          <Table.ScrollContainer minWidth={620}>
            <Table aria-label={t("webhooks")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("endpointUrl")}</Table.Th>
                  <Table.Th>{t("endpointHears")}</Table.Th>
                  <Table.Th>{t("status")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((endpoint) => (
                  <Line key={endpoint.webhookEndpointId} endpoint={endpoint} onOpen={onOpen} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
    </Page>
  );
}

function Line({ endpoint, onOpen }: { endpoint: WebhookEndpoint; onOpen: (id: string) => void }): ReactNode {
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component="button" type="button" size="sm" ta="left" className="address" onClick={() => onOpen(endpoint.webhookEndpointId)}>
          {endpoint.url}
        </Anchor>
        <Text size="xs" className="muted">
          {endpoint.description}
        </Text>
      </Table.Td>
      <Table.Td>
        <Hears patterns={endpoint.enabledEvents} />
      </Table.Td>
      <Table.Td>
        <HowItFares endpoint={endpoint} />
      </Table.Td>
    </Table.Tr>
  );
}

export function Hears({ patterns }: { patterns: string[] }): ReactNode {
  const { t } = useWords();
  return <Text size="sm">{patterns.includes("*") ? t("everything") : patterns.join(", ")}</Text>;
}

export function HowItFares({ endpoint }: { endpoint: WebhookEndpoint }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const [colour, name] =
    endpoint.status === "disabled" ? ["red", t("endpointDisabled")]
    : endpoint.failingSince ? ["yellow", t("endpointFailing")]
    : endpoint.lastSuccessAt ? ["teal", t("endpointWorks")]
    : ["", t("endpointUnused")];
  const since = endpoint.failingSince
    ? t("failingSince", { when: when(endpoint.failingSince) })
    : endpoint.lastSuccessAt ? t("lastSuccess", { when: when(endpoint.lastSuccessAt) }) : "";
  return (
    <>
      <Text size="sm" fw={600}>
        <span className={`dot ${colour}`} aria-hidden /> {name}
      </Text>
      <Text size="xs" className="muted">
        {since}
      </Text>
    </>
  );
}
