/** Who is off and what is closed from now on, and new time off. */

import { Button, Group, Stack, Table, Text, Title, VisuallyHidden } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { useWords } from "../words";
import { span } from "./clocks";
import { endTimeOff, useRefresh, useTimeOff, type TimeOff, type Workspace } from "./data";
import { TimeOffDialog } from "./TimeOffDialog";

export function TimeOffList({ workspace }: { workspace: Workspace }): ReactNode {
  const { t } = useWords();
  const timeOff = useTimeOff();
  const [adding, add] = useState(false);
  const [ending, end] = useState<TimeOff | null>(null);
  return (
    <Stack gap="sm" component="section" aria-label={t("timeOff")}>
      <Group justify="space-between">
        <Title order={3} size="h4">
          {t("timeOff")}
        </Title>
        <Button variant="default" onClick={() => add(true)}>
          {t("addTimeOff")}
        </Button>
      </Group>
      <Loaded query={timeOff} empty={t("noTimeOff")}>
        {(found) => <Rows rows={found} workspace={workspace} onEnd={end} />}
      </Loaded>
      {adding ? <TimeOffDialog workspace={workspace} onClose={() => add(false)} /> : null}
      {ending ? <Ending row={ending} workspace={workspace} onClose={() => end(null)} /> : null}
    </Stack>
  );
}

function Rows({ rows, workspace, onEnd }: { rows: TimeOff[]; workspace: Workspace; onEnd: (row: TimeOff) => void }): ReactNode {
  const { t, language } = useWords();
  const told = useTold(workspace);
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table aria-label={t("timeOff")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("whoIsOff")}</Table.Th>
            <Table.Th>{t("fromDay")}</Table.Th>
            <Table.Th>{t("toDay")}</Table.Th>
            <Table.Th>{t("whyOff")}</Table.Th>
            <Table.Th>
              <VisuallyHidden>{t("removeTimeOff")}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td>{told(row)}</Table.Td>
              <Table.Td>{span(row, workspace, language).from}</Table.Td>
              <Table.Td>{span(row, workspace, language).to}</Table.Td>
              <Table.Td>{t(`off_${row.reason}`)}</Table.Td>
              <Table.Td ta="right">
                <Button variant="default" size="compact-sm" aria-label={`${t("removeTimeOff")}: ${told(row)}`} onClick={() => onEnd(row)}>
                  {t("removeTimeOff")}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Ending({ row, workspace, onClose }: { row: TimeOff; workspace: Workspace; onClose: () => void }): ReactNode {
  const { t, language } = useWords();
  const told = useTold(workspace);
  const refresh = useRefresh();
  const ending = useMutation({
    mutationFn: () => endTimeOff(row.id),
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const { from, to } = span(row, workspace, language);
  return (
    <Dialog onClose={onClose} title={t("removeTimeOffTitle")}>
      <Stack gap="sm">
        <Text>
          {told(row)}: {from} – {to}
        </Text>
        <Text size="sm">{t("removeTimeOffText")}</Text>
        {ending.error ? <Failure error={ending.error} /> : null}
        <Group gap="xs">
          <Button loading={ending.isPending} onClick={() => ending.mutate()}>
            {t("removeTimeOff")}
          </Button>
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("cancel")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

/** Dr Lee, Downtown; everybody. Whoever is no more in the workspace is still in the list. */
function useTold(workspace: Workspace): (row: TimeOff) => string {
  const { t } = useWords();
  return (row) => {
    const person = workspace.practitioners.find((each) => each.id === row.practitionerId)?.name;
    const place = workspace.locations.find((each) => each.id === row.locationId)?.name;
    const who = row.practitionerId ? (person ?? t("inactiveOne")) : row.locationId ? null : t("wholePractice");
    const where = row.locationId ? (place ?? t("inactiveOne")) : null;
    return [who, where].filter(Boolean).join(", ");
  };
}
