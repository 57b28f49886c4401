/** Calendar feeds: whose there are, a new one, another address of one, and its end. */

import { Button, Paper, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Confirm } from "../Confirm";
import { Loaded } from "../Loaded";
import { usePractitioners } from "../members/data";
import { Page } from "../Page";
import { useWords } from "../words";
import { Address } from "./Address";
import { revoke, rotate, useChange, useFeeds, type Feed, type WithAddress } from "./data";
import { FeedRows, type Asked } from "./FeedRows";
import { NewFeed } from "./NewFeed";

export function Feeds(): ReactNode {
  const { t } = useWords();
  const feeds = useFeeds();
  const practitioners = usePractitioners();
  const [asked, ask] = useState<Asked | "new" | null>(null);
  // Here alone, and in no history: it is shown this once.
  const [made, make] = useState<WithAddress | null>(null);
  const [told, tell] = useState("");
  const both = feeds.data && practitioners.data && { feeds: feeds.data, practitioners: practitioners.data };
  const nameOf = (feed: Feed): string =>
    practitioners.data?.find((each) => each.id === feed.practitionerId)?.name ?? feed.practitionerId;
  function done(sentence: string, address: WithAddress | null): void {
    ask(null);
    tell(sentence);
    // A revoked feed's address is not to be stored by anybody any more.
    make(address);
  }
  const add = <Button onClick={() => ask("new")}>{t("newFeed")}</Button>;
  return (
    <Page title={t("feeds")} hint={t("feedsHint")} actions={feeds.data?.length ? add : null}>
      {made ? <Address feed={made} name={nameOf(made)} onStored={() => make(null)} /> : null}
      <Text size="sm" role="status">
        {told}
      </Text>
      <Loaded query={{ data: both, error: feeds.error ?? practitioners.error, refetch: () => Promise.all([feeds.refetch(), practitioners.refetch()]) }}>
        {(found) =>
          found.feeds.length === 0 ? (
            <Paper withBorder p="lg">
              <Stack align="start" gap="sm">
                <Text>{t("noFeeds")}</Text>
                {add}
              </Stack>
            </Paper>
          ) : (
            <FeedRows
              feeds={found.feeds}
              practitioners={found.practitioners}
              shown={made?.calendarFeedId ?? null}
              onAsk={ask}
            />
          )
        }
      </Loaded>
      {asked === "new" ? (
        <NewFeed
          practitioners={(practitioners.data ?? []).filter((each) => each.active)}
          onClose={() => ask(null)}
          onMade={(feed) => done(t("feedMade", { name: nameOf(feed) }), feed)}
        />
      ) : asked ? (
        <Ending asked={asked} name={nameOf(asked.feed)} shown={made} onClose={() => ask(null)} onDone={done} />
      ) : null}
    </Page>
  );
}

interface EndingProps {
  asked: Asked;
  name: string;
  /** The address that is on screen now. */
  shown: WithAddress | null;
  onClose: () => void;
  onDone: (sentence: string, address: WithAddress | null) => void;
}

/** The end of an address: with another in its place, or with none. */
function Ending({ asked: { feed, what }, name, shown, onClose, onDone }: EndingProps): ReactNode {
  const { t } = useWords();
  const ending = useChange(async () => (what === "rotate" ? rotate(feed.calendarFeedId) : revoke(feed.calendarFeedId)));
  return (
    <Confirm
      title={t(`${what}FeedTitle`, { name })}
      text={t(`${what}FeedText`)}
      doing={t(`${what}Feed`)}
      pending={ending.isPending}
      error={ending.error}
      onDo={() =>
        ending.mutate(undefined, {
          onSuccess: (given) => {
            const left = shown?.calendarFeedId === feed.calendarFeedId ? null : shown;
            onDone(t(`${what}FeedDone`, { name }), given ?? left);
          },
        })
      }
      onClose={onClose}
    />
  );
}
