/** What patients come for: how long it takes, who may come for it, and how programs book it. */

import { Anchor, Button, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { useTypes, type AppointmentType } from "./data";
import { SelfService } from "./SelfService";
import { TypeDialog } from "./TypeDialog";

export function Types(): ReactNode {
  const { t } = useWords();
  const types = useTypes();
  // "new": the dialog for one that is not there yet.
  const [edited, edit] = useState<AppointmentType | "new" | null>(null);
  return (
    <Page title={t("types")} hint={t("typesHint")} actions={<Button onClick={() => edit("new")}>{t("addType")}</Button>}>
      <Stack gap="xl">
        <Loaded query={types} empty={t("noTypes")}>
          {(found) => <Rows types={found} onEdit={edit} />}
        </Loaded>
        <SelfService />
      </Stack>
      {edited ? <TypeDialog standing={edited === "new" ? null : edited} onClose={() => edit(null)} /> : null}
    </Page>
  );
}

function Rows({ types, onEdit }: { types: AppointmentType[]; onEdit: (type: AppointmentType) => void }): ReactNode {
  const { t } = useWords();
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table aria-label={t("types")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("typeName")}</Table.Th>
            <Table.Th>{t("typeCode")}</Table.Th>
            <Table.Th ta="right">{t("typeDuration")}</Table.Th>
            <Table.Th ta="right">{t("typeBuffers")}</Table.Th>
            <Table.Th>{t("typeAudience")}</Table.Th>
            <Table.Th>{t("inUse")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {types.map((type) => (
            <Table.Tr key={type.code}>
              <Table.Td>
                <Anchor component="button" type="button" size="sm" onClick={() => onEdit(type)}>
                  {type.name}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Text size="sm" className="muted address">
                  {type.code}
                </Text>
              </Table.Td>
              <Table.Td ta="right" className="unbroken">{t("minutesOf", { minutes: type.durationMinutes })}</Table.Td>
              <Table.Td ta="right" className="unbroken">{t("buffersOf", { before: type.bufferBeforeMinutes, after: type.bufferAfterMinutes })}</Table.Td>
              <Table.Td>{t(`audience_${type.audience}`)}</Table.Td>
              <Table.Td>{t(type.active ? "inUseYes" : "inUseNo")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
