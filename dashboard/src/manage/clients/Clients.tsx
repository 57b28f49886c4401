/** Programs of partners: all of them, a new one, and one of them in detail. */

import { Anchor, Button, Code, Paper, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { useOpened } from "../opened";
import { Page } from "../Page";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { ClientDetail } from "./ClientDetail";
import { ClientForm } from "./ClientForm";
import { create, useChange, useClients, type ApiClient, type WithSecret } from "./data";

export function Clients(): ReactNode {
  const { t } = useWords();
  const [opened, open] = useOpened("/manage/clients");
  const [adding, add] = useState(false);
  // Here alone, and in no history: it is shown this once.
  const [made, make] = useState<WithSecret | null>(null);
  const creating = useChange(create);
  if (opened) {
    return (
      <ClientDetail
        key={opened}
        id={opened}
        secret={made?.id === opened ? made.secret : null}
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
      <Page title={t("newClient")} hint={t("newClientHint")}>
        <ClientForm
          doing={t("createClient")}
          pending={creating.isPending}
          error={creating.error}
          onDone={(fields) =>
            creating.mutate(fields, {
              onSuccess: (client) => {
                make(client);
                add(false);
                open(client.id);
              },
            })
          }
          onClose={() => {
            creating.reset();
            add(false);
          }}
        />
      </Page>
    );
  }
  return <List onOpen={open} onNew={() => add(true)} />;
}

function List({ onOpen, onNew }: { onOpen: (id: string) => void; onNew: () => void }): ReactNode {
  const { t } = useWords();
  const clients = useClients();
  const add = <Button onClick={onNew}>{t("newClient")}</Button>;
  const first = (
    <Paper withBorder p="lg">
      <Stack align="start" gap="sm">
        <Text>{t("noClients")}</Text>
        {add}
      </Stack>
    </Paper>
  );
  return (
    <Page title={t("clients")} hint={t("clientsHint")} actions={clients.data?.length ? add : null}>
      <Loaded query={clients} empty={first}>
        {(found) => (
          <Table.ScrollContainer minWidth={620}>
            <Table aria-label={t("clients")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("clientName")}</Table.Th>
                  <Table.Th>{t("scopes")}</Table.Th>
                  <Table.Th>{t("madeAt")}</Table.Th>
                  <Table.Th>{t("status")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((client) => (
                  <Line key={client.id} client={client} onOpen={onOpen} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
    </Page>
  );
}

function Line({ client, onOpen }: { client: ApiClient; onOpen: (id: string) => void }): ReactNode {
  const when = useMoment();
  return (
    <Table.Tr data-client={client.status}>
      <Table.Td>
        <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onOpen(client.id)}>
          {client.name}
        </Anchor>
        <Text size="xs" className="muted">
          <Code>{client.id}</Code>
        </Text>
      </Table.Td>
      <Table.Td>{client.scopes.join(", ")}</Table.Td>
      <Table.Td>{when(client.createdAt)}</Table.Td>
      <Table.Td>
        <ClientStatus client={client} />
      </Table.Td>
    </Table.Tr>
  );
}

export function ClientStatus({ client }: { client: ApiClient }): ReactNode {
  const { t } = useWords();
  return (
    <Text size="sm" fw={600} component="span">
      <span className={`dot ${client.status === "active" ? "teal" : "red"}`} aria-hidden /> {t(`client_${client.status}`)}
    </Text>
  );
}
