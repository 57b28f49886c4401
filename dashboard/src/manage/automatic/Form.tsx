/** Settings that are kept as a whole: their fields, and whether they were. */

import { Button, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Failure } from "../../Failure";
import { Unsaved } from "../Unsaved";
import { useWords } from "../words";

interface Props {
  saving: { isPending: boolean; isSuccess: boolean; error: unknown; mutate: () => void };
  /** What stands here is not what is kept. */
  changed: boolean;
  children: ReactNode;
}

export function Form({ saving, changed, children }: Props): ReactNode {
  const { t } = useWords();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      <Unsaved when={changed} />
      <Stack gap="sm">
        {children}
        <Group>
          <Button type="submit" variant="default" loading={saving.isPending}>
            {t("save")}
          </Button>
          <Text size="sm" role="status">
            {saving.isSuccess ? t("automaticSaved") : ""}
          </Text>
        </Group>
        {saving.error ? <Failure error={saving.error} /> : null}
      </Stack>
    </form>
  );
}
