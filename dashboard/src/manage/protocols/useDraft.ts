/** A version while it is open: what was read, what is written over it, and what others have made of it meanwhile. */

import { useMutation, type UseMutationResult } from "@tanstack/react-query";
import { useState } from "react";

import { Refusal } from "../../api/client";
import { useRefreshProtocols } from "./data";
import { contentOf, same, type Content } from "./definition";
import { nowOf, save, useShow, type Seen } from "./seen";

interface Saving {
  onto: Seen;
  content: Content;
}

export interface Draft {
  /** What is changed: as it was read or saved last. */
  base: Seen;
  content: Content;
  changed: boolean;
  /** What somebody else has saved over `base`; null: nothing, or it is taken. */
  theirs: Seen | null;
  saving: UseMutationResult<Seen, Error, Saving>;
  write: (content: Content) => void;
  save: () => void;
  /** What is written is saved over theirs. */
  saveOver: () => void;
  /** What is written is given up for theirs. */
  take: () => void;
}

/** `seen`: as it was read last. It is shown while nothing is written over it. */
export function useDraft(seen: Seen): Draft {
  const [known, know] = useState(seen);
  const [base, rebase] = useState(seen);
  const [content, write] = useState<Content>(() => contentOf(seen.version));
  const [theirs, meet] = useState<Seen | null>(null);
  const saving = useSaving({ onSaved: saved });
  const changed = JSON.stringify(content) !== JSON.stringify(contentOf(base.version));
  if (seen !== known) {
    know(seen);
    if (seen.tag !== base.tag) arrived();
  }

  function arrived(): void {
    const unlike = seen.version.status !== base.version.status || !same(seen.version, base.version);
    if (changed && unlike) return meet(seen);
    // What is written stays as it is stored, or the order of its members would count as a change.
    rebase(unlike ? seen : { ...seen, version: { ...seen.version, ...contentOf(base.version) } });
    if (unlike) write(contentOf(seen.version));
    meet(null);
  }

  function saved(now: Seen, sent: Content): void {
    rebase(now);
    meet(null);
    // What was written while it was on its way is not saved yet.
    write((written) => (written === sent ? contentOf(now.version) : written));
  }

  return {
    base,
    content,
    changed,
    theirs,
    saving,
    write: (next) => {
      saving.reset();
      write(next);
    },
    save: () => saving.mutate({ onto: base, content }),
    saveOver: () => theirs && saving.mutate({ onto: theirs, content }),
    take: () => {
      if (!theirs) return;
      saving.reset();
      saved(theirs, content);
    },
  };
}

function useSaving({ onSaved }: { onSaved: (now: Seen, sent: Content) => void }): Draft["saving"] {
  const refresh = useRefreshProtocols();
  const show = useShow();
  return useMutation({
    mutationFn: ({ onto, content }: Saving) => save(onto, content),
    onSuccess: async (now, { content }) => {
      onSaved(now, content);
      await show(now);
      await refresh();
    },
    onError: async (error) => {
      const now = nowOf(error);
      if (now) await show(now);
      if (now || (error instanceof Refusal && error.status === 404)) await refresh();
    },
  });
}
