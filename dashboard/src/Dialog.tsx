/** Mantine's, but for its <header>: in a dialog that would be the page's second banner. */

import { Group, Modal } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";

import { useWords } from "./i18n";

interface Props {
  opened?: boolean;
  onClose: () => void;
  title: string;
  /** For what needs the room of a table. */
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({ opened = true, onClose, title, wide = false, children }: Props): ReactNode {
  const { t } = useWords();
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // Mantine gives it back where a dialog closes, not where it is taken away; and never from who has it since.
      if (before instanceof HTMLElement && document.activeElement === document.body) before.focus({ preventScroll: true });
    },
    [before],
  );
  return (
    <Modal.Root opened={opened} onClose={onClose} {...(wide ? { size: "xl" } : {})}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body>
          <Group justify="space-between" mb="sm" wrap="nowrap">
            <Modal.Title fw={700}>{title}</Modal.Title>
            <Modal.CloseButton aria-label={t("close")} />
          </Group>
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
