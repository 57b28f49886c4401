/** What is kept free for some visits, and of which visits there are no more than so many a day. */

import { Anchor, Button, Paper, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { plusDays } from "../../lib/time";
import { range, shortDate } from "../hours/clocks";
import { useWorkspace } from "../hours/data";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { BlockDialog } from "./BlockDialog";
import { Caps } from "./Caps";
import { useBlocks, WEEKDAYS, type Block, type Workspace } from "./data";
import { days } from "./days.ts";
import { typeName } from "./names";

export function Blocks(): ReactNode {
  const { t } = useWords();
  const workspace = useWorkspace();
  const [edited, edit] = useState<Block | "new" | null>(null);
  const add = (
    <Button disabled={!workspace.data} onClick={() => edit("new")}>
      {t("addBlock")}
    </Button>
  );
  return (
    <Page title={t("blocks")} hint={t("blocksHint")} actions={add}>
      <Loaded query={workspace}>
        {(found) => (
          <Stack gap="xl">
            <Reserved workspace={found} onEdit={edit} />
            <Caps workspace={found} />
            {edited ? <BlockDialog standing={edited === "new" ? null : edited} workspace={found} onClose={() => edit(null)} /> : null}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function Reserved({ workspace, onEdit }: { workspace: Workspace; onEdit: (block: Block) => void }): ReactNode {
  const { t, language } = useWords();
  const blocks = useBlocks();
  const none = (
    <Paper withBorder p="lg">
      <Text>{t("noBlocks")}</Text>
    </Paper>
  );
  const name = (rows: { id: string; name: string }[], id: string): string => rows.find((row) => row.id === id)?.name ?? t("inactiveOne");
  return (
    <Loaded query={blocks} empty={none}>
      {(found) => (
        <Table.ScrollContainer minWidth={740}>
          <Table aria-label={t("blocks")}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("blockName")}</Table.Th>
                <Table.Th>{t("whoAndWhere")}</Table.Th>
                <Table.Th>{t("when")}</Table.Th>
                <Table.Th>{t("reservedFor")}</Table.Th>
                <Table.Th>{t("released")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.map((block) => (
                <Table.Tr key={block.id}>
                  <Table.Td>
                    <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onEdit(block)}>
                      {block.name}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>
                    {name(workspace.practitioners, block.practitionerId)}
                    <Text size="xs" className="muted">
                      {block.locationId ? name(workspace.locations, block.locationId) : t("everywhere")}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    {range(block.starts, block.ends, language)}
                    <Text size="xs" className="muted">
                      {days(WEEKDAYS, block.weekdays, (day) => t(`weekday_${day}`))}
                      {block.validUntil ? ` · ${t("throughDate", { date: shortDate(plusDays(block.validUntil, -1), language) })}` : ""}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    {[...(block.newPatients ? [t("allNewPatients")] : []), ...block.types.map((code) => typeName(workspace, code))].join(", ")}
                  </Table.Td>
                  <Table.Td>{block.releaseHours === null ? t("neverReleased") : t("releasedBefore", { hours: block.releaseHours })}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Loaded>
  );
}
