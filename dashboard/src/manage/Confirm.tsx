/** A last look before what cannot be taken back. */

import { Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Dialog } from "../Dialog";
import { Failure } from "../Failure";
import { useWords } from "../i18n";

interface Asking {
  text: string;
  /** What the button says that does it. */
  doing: string;
  pending: boolean;
  /** What the button says that leaves it. */
  leaving?: string;
  error: unknown;
  onDo: () => void;
  onClose: () => void;
}

export function Confirm({ title, ...asking }: Asking & { title: string }): ReactNode {
  return (
    <Dialog onClose={asking.onClose} title={title}>
      <Sure {...asking} />
    </Dialog>
  );
}

interface Within extends Asking {
  /** What else is to be known before. */
  children?: ReactNode;
}

/** The same where something is open already, in the place of it. */
export function Sure({ text, doing, leaving, pending, error, onDo, onClose, children }: Within): ReactNode {
  const { t } = useWords();
  return (
    <>
      <Text mb="md">{text}</Text>
      {children}
      {error ? <Failure error={error} /> : null}
      <Group gap="xs" mt={children ? "md" : undefined}>
        <Button color="red" loading={pending} onClick={onDo}>
          {doing}
        </Button>
        <Button variant="default" onClick={onClose} autoFocus data-autofocus>
          {leaving ?? t("close")}
        </Button>
      </Group>
    </>
  );
}
