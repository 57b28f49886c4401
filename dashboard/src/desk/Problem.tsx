/** Why a move, a cancellation, a hold or an undo was refused; a booking says so in its own place. */

import { Paper } from "@mantine/core";
import type { ReactNode } from "react";

import type { Refusal, Slot } from "../api/client";
import { useProblem, type Actions } from "./actions";
import { nowOf } from "./asShown";
import { Changed } from "./Changed";
import type { Names } from "./names";
import { Refused } from "./Refused";

interface Props {
  actions: Actions;
  when: (instant: string) => string;
  names: Names;
  onChoose: (slot: Slot) => void;
  /** Within what is open over the desk, which would cover it. */
  inside?: boolean;
}

export function Problem({ inside = false, ...props }: Props): ReactNode {
  const error = useProblem(props.actions);
  if (!error) return null;
  if (inside) return <Told error={error} {...props} />;
  return (
    <Paper className="problem" shadow="md" p="sm" withBorder>
      <Told error={error} {...props} />
    </Paper>
  );
}

function Told({ error, actions, when, names, onChoose }: Props & { error: Refusal }): ReactNode {
  const now = nowOf(error);
  const close = (): void => actions.clear();
  if (now) return <Changed now={now} names={names} when={when} onClose={close} />;
  return <Refused error={error} when={when} names={names.practitioner} onChoose={onChoose} onClose={close} />;
}
