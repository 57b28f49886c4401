/** Who signed in to the practice, came to it, left, or was refused something there. */

import { Button, Code, Group, NativeSelect, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { SPANS, useAccess, type Access, type Span } from "./data";

export function AccessScreen(): ReactNode {
  const { t } = useWords();
  const [days, choose] = useState<Span>(30);
  const found = useAccess(days);
  const rows = found.data?.pages.flatMap((page) => page.data);
  return (
    <Page title={t("comings")} hint={t("comingsHint")}>
      <Group align="end" gap="sm">
        <NativeSelect
          label={t("comingsSpan")}
          value={days}
          onChange={(event) => choose(Number(event.currentTarget.value) as Span)}
          data={SPANS.map((each) => ({ value: String(each), label: t("comingsDays", { days: each }) }))}
        />
        <Button variant="default" onClick={() => void found.refetch()}>
          {t("refresh")}
        </Button>
      </Group>
      <Loaded query={{ data: rows, error: found.error, refetch: found.refetch }} empty={t("noComings")}>
        {(entries) => <Rows entries={entries} />}
      </Loaded>
      {found.hasNextPage ? (
        <Button variant="default" className="own-width" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("more")}
        </Button>
      ) : null}
    </Page>
  );
}

function Rows({ entries }: { entries: Access[] }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const named = useNamed();
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table aria-label={t("comings")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("comingAt")}</Table.Th>
            <Table.Th>{t("comingWho")}</Table.Th>
            <Table.Th>{t("comingWhat")}</Table.Th>
            <Table.Th>{t("comingFrom")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry, at) => (
            <Table.Tr key={at} data-action={entry.action}>
              <Table.Td>{when(entry.at)}</Table.Td>
              <Table.Td>
                {named(entry.who)}
                {entry.onBehalfOf ? (
                  <Text size="xs" className="muted">
                    {t("comingAs", { name: named(entry.onBehalfOf) })}
                  </Text>
                ) : null}
              </Table.Td>
              <Table.Td>
                <What entry={entry} />
              </Table.Td>
              <Table.Td>{entry.address ?? "—"}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** A refusal with what it is found by in the logs. */
function What({ entry }: { entry: Access }): ReactNode {
  const { t, has } = useWords();
  const key = `coming_${entry.action.replace(".", "_")}`;
  return (
    <>
      {has(key) ? t(key) : entry.action}
      {entry.asked ? (
        <Text size="xs">
          <Code>{entry.asked}</Code>
        </Text>
      ) : null}
      {entry.outcome === "success" ? null : (
        <Text size="xs" className="muted">
          {t("comingReference", { reference: entry.correlationId })}
        </Text>
      )}
    </>
  );
}

function useNamed(): (actor: Access["who"]) => string {
  const { t, has } = useWords();
  return ({ kind, name }) => {
    const key = `comingBy_${kind}`;
    return has(key) ? t(key, { name: name ?? "" }) : (name ?? t("inactiveOne"));
  };
}
