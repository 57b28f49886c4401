/** What was given up: to be delivered anew once its cause is mended, or wanted no more. */

import { Button, Group, NativeSelect, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useRefresh } from "../webhooks/data";
import { useWords } from "../words";
import { AT_ONCE, LISTENERS, replay, useDeadLetters, type ListenerName } from "./data";
import { Discard } from "./Discard";
import { Letters } from "./Letters";

export function DeadLetters(): ReactNode {
  const { t } = useWords();
  const [listener, choose] = useState<ListenerName | "">("");
  const [chosen, tick] = useState<string[]>([]);
  const [told, tell] = useState("");
  const found = useDeadLetters(listener);
  const rows = found.data?.pages.flatMap((page) => page.data);
  // What was handled meanwhile, here or by a colleague, is no longer chosen.
  const ids = chosen.filter((id) => rows?.some((row) => row.deliveryId === id));
  return (
    <Page title={t("deadLetters")} hint={t("deadLettersHint")}>
      <Group align="end" gap="sm">
        <NativeSelect
          label={t("listener")}
          value={listener}
          onChange={(event) => {
            tick([]);
            choose(event.currentTarget.value as ListenerName | "");
          }}
          data={[{ value: "", label: t("listener_all") }, ...LISTENERS.map((name) => ({ value: name, label: t(`listener_${name}`) }))]}
        />
        <Button variant="default" onClick={() => void found.refetch()}>
          {t("refresh")}
        </Button>
        <Handling
          ids={ids}
          onDone={(sentence) => {
            tick([]);
            tell(sentence);
          }}
        />
      </Group>
      {listener ? <Text size="sm">{t(`mend_${listener}`)}</Text> : null}
      <Text size="sm" role="status">
        {told}
      </Text>
      <Loaded query={{ data: rows, error: found.error, refetch: found.refetch }} empty={t(listener ? "noDeadLettersSo" : "noDeadLetters")}>
        {(letters) => <Letters letters={letters} chosen={ids} onChoose={tick} />}
      </Loaded>
      {found.hasNextPage ? (
        <Button variant="default" className="own-width" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("more")}
        </Button>
      ) : null}
    </Page>
  );
}

function Handling({ ids, onDone }: { ids: string[]; onDone: (sentence: string) => void }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [discarding, ask] = useState(false);
  const replaying = useMutation({
    mutationFn: () => replay(ids),
    onSuccess: (count) => onDone(t("replayed", { count })),
    onSettled: refresh,
  });
  const tooMany = ids.length > AT_ONCE;
  return (
    <>
      <Button disabled={ids.length === 0 || tooMany} loading={replaying.isPending} onClick={() => replaying.mutate()}>
        {t("replayChosen", { count: ids.length })}
      </Button>
      <Button color="red" variant="outline" disabled={ids.length === 0 || tooMany} onClick={() => ask(true)}>
        {t("discardChosen", { count: ids.length })}
      </Button>
      {tooMany ? <Text size="sm">{t("tooManyChosen", { count: AT_ONCE })}</Text> : null}
      {replaying.error ? <Failure error={replaying.error} /> : null}
      {discarding ? (
        <Discard
          ids={ids}
          onClose={() => ask(false)}
          onDone={(count) => {
            ask(false);
            onDone(t("discarded", { count }));
          }}
        />
      ) : null}
    </>
  );
}
