/** Another manager has saved the same draft: both are here to be looked at, and none is lost unasked. */

import { Alert, Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";
import type { Draft } from "./useDraft";

interface Props {
  draft: Draft;
  /** Theirs is on screen, not what was written here. */
  looking: boolean;
  onLook: (looking: boolean) => void;
}

export function Overtaken({ draft, looking, onLook }: Props): ReactNode {
  const { t } = useWords();
  const open = draft.theirs?.version.status === "draft";
  function take(): void {
    onLook(false);
    draft.take();
  }
  const text = looking ? "protocolLooking" : open ? "protocolOvertaken" : "protocolOvertakenPublished";
  return (
    <Alert color="orange" variant="outline" role="alert" title={t("changedMeanwhile")}>
      <Text size="sm">{t(text)}</Text>
      <Group gap="xs" mt="xs">
        <Button size="xs" variant="default" onClick={() => onLook(!looking)}>
          {t(looking ? "protocolLookBack" : "protocolLook")}
        </Button>
        {looking ? (
          <Button size="xs" color="red" variant="outline" onClick={take}>
            {t("protocolTake")}
          </Button>
        ) : open ? (
          <Button size="xs" color="red" variant="outline" loading={draft.saving.isPending} onClick={draft.saveOver}>
            {t("protocolSaveOver")}
          </Button>
        ) : null}
      </Group>
    </Alert>
  );
}
