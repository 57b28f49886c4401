/** Mantine's, but for its <header>: in a dialog that would be the page's second banner. */

import { Alert, Button, Group, Modal, Text } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { useWords } from "./i18n";

interface Props {
  opened?: boolean;
  onClose: () => void;
  title: string;
  /** For what needs the room of a table. */
  wide?: boolean;
  /** Holds a form: once something is typed, Esc and a click beside it ask first. */
  asks?: boolean;
  children: ReactNode;
}

export function Dialog({ opened = true, onClose, title, wide = false, asks = false, children }: Props): ReactNode {
  const { t } = useWords();
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // Mantine gives it back where a dialog closes, not where it is taken away; and never from who has it since.
      if (before instanceof HTMLElement && document.activeElement === document.body) before.focus({ preventScroll: true });
    },
    [before],
  );
  const typed = useRef(false);
  const [asked, ask] = useState<Element | null>(null);
  function keep(): void {
    ask(null);
    if (asked instanceof HTMLElement) asked.focus();
  }
  function close(): void {
    if (asked) keep();
    else if (asks && typed.current) ask(document.activeElement ?? document.body);
    else onClose();
  }
  return (
    <Modal.Root opened={opened} onClose={close} {...(wide ? { size: "xl" } : {})}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body onChange={() => (typed.current = true)}>
          <Group justify="space-between" mb="sm" wrap="nowrap">
            <Modal.Title fw={700}>{title}</Modal.Title>
            <Modal.CloseButton aria-label={t("close")} />
          </Group>
          {asked ? <Throwing onThrow={onClose} onKeep={keep} /> : null}
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Throwing({ onThrow, onKeep }: { onThrow: () => void; onKeep: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Alert color="yellow" variant="outline" role="alert" mb="sm">
      <Text size="sm" mb="xs">
        {t("leaveText")}
      </Text>
      <Group gap="xs">
        <Button size="xs" variant="default" autoFocus onClick={onKeep}>
          {t("stay")}
        </Button>
        <Button size="xs" color="red" variant="outline" onClick={onThrow}>
          {t("leave")}
        </Button>
      </Group>
    </Alert>
  );
}
