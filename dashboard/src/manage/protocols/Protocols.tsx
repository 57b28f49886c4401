/** Versions of the protocol that agents ask by: which is in force, which comes, which was; and one in detail. */

import { Alert, Anchor, Button, Paper, Stack, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { draft, inForce, useRefreshProtocols, useVersions, type Origin, type Version } from "./data";
import { VersionDetail } from "./VersionDetail";

export function Protocols(): ReactNode {
  const [opened, open] = useState<string | null>(null);
  if (opened) return <VersionDetail key={opened} id={opened} onClose={() => open(null)} />;
  return <Versions onOpen={open} />;
}

function Versions({ onOpen }: { onOpen: (id: string) => void }): ReactNode {
  const { t } = useWords();
  const versions = useVersions();
  const refresh = useRefreshProtocols();
  // One draft for one press of a button, however often its answer is lost.
  const [keys] = useState(() => ({ in_force: crypto.randomUUID(), platform: crypto.randomUUID() }));
  const drafting = useMutation({
    mutationFn: (origin: Origin) => draft(origin, keys[origin]),
    onSuccess: async (made) => {
      await refresh();
      onOpen(made.protocolId);
    },
  });
  const open = versions.data?.find((version) => version.status === "draft");
  const start = open ? (
    <Button onClick={() => onOpen(open.protocolId)}>{t("protocolOpenDraft")}</Button>
  ) : (
    <>
      <Button loading={drafting.isPending} onClick={() => drafting.mutate("in_force")}>
        {t("protocolStartDraft")}
      </Button>
      {versions.data?.length ? (
        <Button variant="default" disabled={drafting.isPending} onClick={() => drafting.mutate("platform")}>
          {t("protocolStartPlatform")}
        </Button>
      ) : null}
    </>
  );
  const first = (
    <Paper withBorder p="lg">
      <Stack align="start" gap="sm">
        <Text>{t("protocolNone")}</Text>
        {start}
      </Stack>
    </Paper>
  );
  return (
    <Page title={t("protocols")} hint={t("protocolsHint")} actions={versions.data?.length ? start : null}>
      {drafting.error ? <Failure error={drafting.error} /> : null}
      <Loaded query={versions} empty={first}>
        {(found) => <Listed versions={found} onOpen={onOpen} />}
      </Loaded>
    </Page>
  );
}

function Listed({ versions, onOpen }: { versions: Version[]; onOpen: (id: string) => void }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const [now] = useState(() => new Date());
  const current = inForce(versions, now);
  return (
    <>
      {current ? null : (
        <Alert variant="outline" color="gray">
          {t("protocolPlatforms")}
        </Alert>
      )}
      <Table.ScrollContainer minWidth={560}>
        <Table aria-label={t("protocols")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("protocolVersion")}</Table.Th>
              <Table.Th>{t("status")}</Table.Th>
              <Table.Th>{t("protocolFrom")}</Table.Th>
              <Table.Th>{t("protocolPublishedAt")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {versions.map((version) => (
              <Table.Tr key={version.protocolId}>
                <Table.Th scope="row">
                  <Anchor component="button" type="button" size="sm" onClick={() => onOpen(version.protocolId)}>
                    {t("protocolNumber", { number: version.number })}
                  </Anchor>
                </Table.Th>
                <Table.Td>{t(stateOf(version, current, now))}</Table.Td>
                <Table.Td>{when(version.effectiveFrom)}</Table.Td>
                <Table.Td>{when(version.publishedAt)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

type State = "protocolDraft" | "protocolInForce" | "protocolComing" | "protocolReplaced";

function stateOf(version: Version, current: Version | undefined, now: Date): State {
  if (version.status === "draft") return "protocolDraft";
  if (version.protocolId === current?.protocolId) return "protocolInForce";
  return version.effectiveFrom && new Date(version.effectiveFrom) > now ? "protocolComing" : "protocolReplaced";
}
