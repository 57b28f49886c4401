/** Who on record may be the same person; managers make one record of two, and take that back. */

import { Alert, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Patient } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { Loaded } from "../../manage/Loaded";
import { newKey } from "../changes";
import { useWords } from "../words";
import { mergeInto, undoMerge, useCopies, type Copy } from "./data";

export function Copies({ patient }: { patient: Patient }): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const queries = useQueryClient();
  const copies = useCopies(practice.id, patient);
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["patient", practice.id, patient.id] });
  const merging = useMutation({
    mutationFn: ({ id, key }: { id: string; key: string }) => mergeInto(patient.id, id, key),
    onSuccess: refresh,
  });
  const undoing = useMutation({ mutationFn: undoMerge, onSuccess: refresh });
  const done = merging.data && !undoing.isSuccess ? merging.data : null;
  return (
    <Stack gap="xs">
      <Text size="sm" className="muted">
        {t("copiesHint")}
      </Text>
      {done ? (
        <Alert color="teal" variant="outline" role="status">
          <Group gap="xs">
            <Text size="sm">{t("merged")}</Text>
            <Button size="compact-sm" variant="default" loading={undoing.isPending} onClick={() => undoing.mutate(done.mergeId)}>
              {t("undoMerge")}
            </Button>
          </Group>
        </Alert>
      ) : null}
      {undoing.isSuccess ? (
        <Text size="sm" role="status">
          {t("mergeUndone")}
        </Text>
      ) : null}
      {merging.error || undoing.error ? <Failure error={merging.error ?? undoing.error} /> : null}
      <Loaded query={copies} empty={t("noCopies")}>
        {(found) =>
          found.map((copy) => (
            <Alike
              key={copy.patient.id}
              copy={copy}
              busy={merging.isPending}
              onMerge={() => {
                undoing.reset();
                merging.mutate({ id: copy.patient.id, key: newKey() });
              }}
            />
          ))
        }
      </Loaded>
    </Stack>
  );
}

function Alike({ copy, busy, onMerge }: { copy: Copy; busy: boolean; onMerge: () => void }): ReactNode {
  const { role } = useHere();
  const { t } = useWords();
  const [sure, ask] = useState(false);
  const { patient } = copy;
  const name = `${patient.firstName} ${patient.lastName}`;
  return (
    <Paper withBorder p="xs" data-copy={patient.id}>
      <Group justify="space-between" wrap="nowrap">
        <div>
          <Text size="sm">
            <strong>{name}</strong> · {t("born")} {patient.dateOfBirth} · {patient.phone || "—"}
          </Text>
          <Text size="xs" className="muted">
            {t("alikeBy", { what: copy.because.map((each) => t(`because_${each}`)).join(", ") })}
          </Text>
        </div>
        {role === "practice_manager" && !sure ? (
          <Button size="xs" variant="default" onClick={() => ask(true)}>
            {t("merge")}
          </Button>
        ) : null}
      </Group>
      {role === "practice_manager" ? null : <Text size="xs">{t("managersMerge")}</Text>}
      {sure ? (
        <Group gap="xs" mt="xs">
          <Text size="sm">{t("mergeSure", { name })}</Text>
          <Button size="xs" color="red" loading={busy} onClick={onMerge}>
            {t("merge")}
          </Button>
          <Button size="xs" variant="default" onClick={() => ask(false)}>
            {t("cancel")}
          </Button>
        </Group>
      ) : null}
    </Paper>
  );
}
