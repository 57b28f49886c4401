/** Why a move, a cancellation, a hold or an undo was refused; a booking says so in its own place. */

import { Paper } from "@mantine/core";
import type { ReactNode } from "react";

import type { Slot } from "../api/client";
import { useProblem, type Actions } from "./actions";
import { Refused } from "./Refused";

interface Props {
  actions: Actions;
  when: (instant: string) => string;
  names: Map<string, string>;
  onChoose: (slot: Slot) => void;
}

export function Problem(props: Props): ReactNode {
  const error = useProblem(props.actions);
  if (!error) return null;
  return (
    <Paper className="problem" shadow="md" p="sm" withBorder>
      <Refused error={error} when={props.when} names={props.names} onChoose={props.onChoose} onClose={() => props.actions.clear()} />
    </Paper>
  );
}
