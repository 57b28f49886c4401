/** Where patients are seen: each place has a clock of its own. */

import { Anchor, Button, Table } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { useWorkspace } from "../hours/data";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { usePlaces, type Place } from "./data";
import { PlaceDialog } from "./PlaceDialog";

export function Places(): ReactNode {
  const { t } = useWords();
  const workspace = useWorkspace();
  const places = usePlaces();
  // "new": the dialog for one that is not there yet.
  const [edited, edit] = useState<Place | "new" | null>(null);
  const add = (
    <Button disabled={!workspace.data} onClick={() => edit("new")}>
      {t("addPlace")}
    </Button>
  );
  return (
    <Page title={t("places")} hint={t("placesHint")} actions={add}>
      <Loaded query={workspace}>
        {(practice) => (
          <>
            <Loaded query={places} empty={t("noPlaces")}>
              {(found) => <Rows places={found} onEdit={edit} />}
            </Loaded>
            {edited ? <PlaceDialog standing={edited === "new" ? null : edited} workspace={practice} onClose={() => edit(null)} /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Rows({ places, onEdit }: { places: Place[]; onEdit: (place: Place) => void }): ReactNode {
  const { t } = useWords();
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table aria-label={t("places")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("placeName")}</Table.Th>
            <Table.Th>{t("placeAddress")}</Table.Th>
            <Table.Th>{t("placePhone")}</Table.Th>
            <Table.Th>{t("placeZone")}</Table.Th>
            <Table.Th>{t("inUse")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {places.map((each) => (
            <Table.Tr key={each.id}>
              <Table.Td>
                <Anchor component="button" type="button" size="sm" onClick={() => onEdit(each)}>
                  {each.name}
                </Anchor>
              </Table.Td>
              <Table.Td>{each.address || "—"}</Table.Td>
              <Table.Td>{each.phone || "—"}</Table.Td>
              <Table.Td>{each.timeZone}</Table.Td>
              <Table.Td>{t(each.active ? "inUseYes" : "inUseNo")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
