/** Rooms and equipment of which there is not enough for everybody at once, and what needs them. */

import { Anchor, Button, Stack, Table, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { useWorkspace, type Workspace } from "../hours/data";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { spoken, useResources, type Resource } from "./data";
import { Needs } from "./Needs";
import { RoomDialog } from "./RoomDialog";

export function Rooms(): ReactNode {
  const { t } = useWords();
  const workspace = useWorkspace();
  const resources = useResources();
  // "new": the dialog for one that is not there yet.
  const [edited, edit] = useState<Resource | "new" | null>(null);
  const add = (
    <Button disabled={!workspace.data} onClick={() => edit("new")}>
      {t("addRoom")}
    </Button>
  );
  return (
    <Page title={t("rooms")} hint={t("roomsHint")} actions={add}>
      <Loaded query={workspace}>
        {(practice) => (
          <>
            <Loaded query={resources} empty={t("noRooms")}>
              {(found) => (
                <Stack gap="xl">
                  <Rows resources={found} workspace={practice} onEdit={edit} />
                  <Stack gap="sm" component="section" aria-label={t("needs")}>
                    <Title order={3} size="h4">
                      {t("needs")}
                    </Title>
                    <Needs categories={[...new Set(found.map((each) => each.category))].sort()} />
                  </Stack>
                </Stack>
              )}
            </Loaded>
            {edited ? (
              <RoomDialog
                standing={edited === "new" ? null : edited}
                known={[...new Set((resources.data ?? []).map((each) => each.category))]}
                workspace={practice}
                onClose={() => edit(null)}
              />
            ) : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface RowsProps {
  resources: Resource[];
  workspace: Workspace;
  onEdit: (resource: Resource) => void;
}

function Rows({ resources, workspace, onEdit }: RowsProps): ReactNode {
  const { t } = useWords();
  const placeOf = (id: string): string => workspace.locations.find((each) => each.id === id)?.name ?? t("inactiveOne");
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table aria-label={t("rooms")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("roomName")}</Table.Th>
            <Table.Th>{t("location")}</Table.Th>
            <Table.Th>{t("roomKind")}</Table.Th>
            <Table.Th>{t("category")}</Table.Th>
            <Table.Th>{t("inUse")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {resources.map((each) => (
            <Table.Tr key={each.id}>
              <Table.Td>
                <Anchor component="button" type="button" size="sm" onClick={() => onEdit(each)}>
                  {each.name}
                </Anchor>
              </Table.Td>
              <Table.Td>{placeOf(each.locationId)}</Table.Td>
              <Table.Td>{t(`kind_${each.kind}`)}</Table.Td>
              <Table.Td>{spoken(each.category)}</Table.Td>
              <Table.Td>{t(each.active ? "inUseYes" : "inUseNo")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
