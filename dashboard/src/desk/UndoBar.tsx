import { Button } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";

import { useWords } from "../i18n";
import type { Undoable } from "./actions";

interface Props {
  undoable: Undoable | null;
  onUndo: (what: Undoable) => void;
  onOver: () => void;
}

export function UndoBar({ undoable, onUndo, onOver }: Props): ReactNode {
  const { t } = useWords();
  const [now, tick] = useState(Date.now);
  useEffect(() => {
    if (!undoable) return;
    tick(Date.now());
    const timer = setInterval(() => {
      tick(Date.now());
      if (Date.now() >= undoable.until) onOver();
    }, 250);
    return () => clearInterval(timer);
  }, [undoable, onOver]);
  if (!undoable) return null;
  const seconds = Math.max(0, Math.ceil((undoable.until - now) / 1000));
  return (
    <Button size="xs" variant="default" onClick={() => onUndo(undoable)} rightSection={<kbd>u</kbd>}>
      {t("undoFor", { seconds })}
    </Button>
  );
}
