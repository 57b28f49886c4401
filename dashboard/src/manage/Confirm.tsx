/** A last look before what cannot be taken back. */

import { Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Dialog } from "../Dialog";
import { Failure } from "../Failure";
import { useWords } from "./words";

interface Props {
  title: string;
  text: string;
  /** What the button says that does it. */
  doing: string;
  pending: boolean;
  error: unknown;
  onDo: () => void;
  onClose: () => void;
}

export function Confirm({ title, text, doing, pending, error, onDo, onClose }: Props): ReactNode {
  const { t } = useWords();
  return (
    <Dialog onClose={onClose} title={title}>
      <Text mb="md">{text}</Text>
      {error ? <Failure error={error} /> : null}
      <Group gap="xs">
        <Button color="red" loading={pending} onClick={onDo}>
          {doing}
        </Button>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("close")}
        </Button>
      </Group>
    </Dialog>
  );
}
