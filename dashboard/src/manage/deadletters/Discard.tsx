/** Why what was given up is wanted no more: it stays with each of them. */

import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { useRefresh } from "../webhooks/data";
import { useWords } from "../words";
import { discard } from "./data";

interface Props {
  ids: string[];
  onClose: () => void;
  onDone: (count: number) => void;
}

export function Discard({ ids, onClose, onDone }: Props): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [reason, give] = useState("");
  const discarding = useMutation({ mutationFn: () => discard(ids, reason.trim()), onSuccess: onDone, onSettled: refresh });
  return (
    <Dialog onClose={onClose} title={t("discardTitle", { count: ids.length })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          discarding.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t("discardText")}</Text>
          <TextInput
            label={t("discardReason")}
            description={t("discardReasonHint")}
            required
            maxLength={200}
            data-autofocus
            value={reason}
            onChange={(event) => give(event.currentTarget.value)}
          />
          {discarding.error ? <Failure error={discarding.error} /> : null}
          <Group gap="xs">
            <Button type="submit" color="red" loading={discarding.isPending} disabled={reason.trim() === ""}>
              {t("discard")}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
