/** A last look before what was typed is thrown away. */

import { Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Dialog } from "./Dialog";
import { useWords } from "./i18n";

export function Leaving({ onLeave, onStay }: { onLeave: () => void; onStay: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Dialog onClose={onStay} title={t("leaveTitle")}>
      <Text mb="md">{t("leaveText")}</Text>
      <Group gap="xs">
        <Button variant="default" onClick={onStay} data-autofocus>
          {t("stay")}
        </Button>
        <Button color="red" variant="outline" onClick={onLeave}>
          {t("leave")}
        </Button>
      </Group>
    </Dialog>
  );
}
