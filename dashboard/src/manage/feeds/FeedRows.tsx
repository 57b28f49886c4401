/** A line for each feed: whose it is, since when, and what it shows. */

import { Button, Group, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Practitioner } from "../members/data";
import { useMoment } from "../moment";
import { useWords } from "../words";
import type { Feed } from "./data";

export interface Asked {
  feed: Feed;
  what: "rotate" | "revoke";
}

interface Props {
  feeds: Feed[];
  practitioners: Practitioner[];
  /** Whose address is on screen now. */
  shown: string | null;
  onAsk: (asked: Asked) => void;
}

export function FeedRows({ feeds, practitioners, shown, onAsk }: Props): ReactNode {
  const { t } = useWords();
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table aria-label={t("feeds")} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("feedOf")}</Table.Th>
            <Table.Th>{t("feedShows")}</Table.Th>
            <Table.Th>{t("madeAt")}</Table.Th>
            <Table.Th>{t("feedActions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {feeds.map((feed) => (
            <Row
              key={feed.calendarFeedId}
              feed={feed}
              practitioner={practitioners.find((each) => each.id === feed.practitionerId)}
              shown={feed.calendarFeedId === shown}
              onAsk={onAsk}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface RowProps {
  feed: Feed;
  practitioner: Practitioner | undefined;
  shown: boolean;
  onAsk: (asked: Asked) => void;
}

function Row({ feed, practitioner, shown, onAsk }: RowProps): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const name = practitioner?.name ?? feed.practitionerId;
  const made = when(feed.createdAt);
  return (
    <Table.Tr data-feed={feed.calendarFeedId}>
      <Table.Td>
        {name}
        {practitioner?.active === false ? (
          <Text size="xs" className="muted">
            {t("feedIdle")}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>{t(feed.showPatients ? "feedNames" : "feedNoNames")}</Table.Td>
      <Table.Td>
        {made}
        {shown ? (
          <Text size="xs" className="muted">
            {t("feedShown")}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t("rotateFeedOf", { name, when: made })}
            onClick={() => onAsk({ feed, what: "rotate" })}
          >
            {t("rotateFeed")}
          </Button>
          <Button
            size="compact-sm"
            color="red"
            variant="outline"
            aria-label={t("revokeFeedOf", { name, when: made })}
            onClick={() => onAsk({ feed, what: "revoke" })}
          >
            {t("revokeFeed")}
          </Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
