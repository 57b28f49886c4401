/** The end of a form in a dialog: what went wrong, and the buttons that keep it or leave it. */

import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

import { Failure } from "../Failure";
import { useWords } from "./words";

interface Props {
  saving: { isPending: boolean; error: unknown };
  ready: boolean;
  onClose: () => void;
  label?: string;
}

export function FormEnd({ saving, ready, onClose, label }: Props): ReactNode {
  const { t } = useWords();
  return (
    <>
      {saving.error ? <Failure error={saving.error} /> : null}
      <Group gap="xs">
        <Button type="submit" disabled={!ready} loading={saving.isPending}>
          {label ?? t("save")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("cancel")}
        </Button>
      </Group>
    </>
  );
}
