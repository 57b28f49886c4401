/** How many of a type there may be a day. */

import { Button, Group, NativeSelect, NumberInput, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { Confirm } from "../Confirm";
import { Loaded } from "../Loaded";
import { useWords } from "../words";
import { addCap, removeCap, useCaps, useRefresh, type Cap, type Workspace } from "./data";
import { typeName } from "./names";

export function Caps({ workspace }: { workspace: Workspace }): ReactNode {
  const { t } = useWords();
  const caps = useCaps();
  const [adding, add] = useState(false);
  return (
    <Stack gap="sm" component="section" aria-label={t("caps")}>
      <Group justify="space-between">
        <Title order={3} size="h4">
          {t("caps")}
        </Title>
        <Button variant="default" onClick={() => add(true)}>
          {t("addCap")}
        </Button>
      </Group>
      <Loaded query={caps} empty={t("noCaps")}>
        {(found) => <Rows rows={found} workspace={workspace} />}
      </Loaded>
      {adding ? <CapDialog workspace={workspace} onClose={() => add(false)} /> : null}
    </Stack>
  );
}

function Rows({ rows, workspace }: { rows: Cap[]; workspace: Workspace }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [leaving, ask] = useState<Cap | null>(null);
  const removing = useMutation({
    mutationFn: (cap: Cap) => removeCap(cap.id),
    onSuccess: async () => {
      await refresh();
      ask(null);
    },
  });
  const person = (cap: Cap): string =>
    cap.practitionerId ? (workspace.practitioners.find((each) => each.id === cap.practitionerId)?.name ?? t("inactiveOne")) : t("allTogether");
  const place = (cap: Cap): string =>
    cap.locationId ? (workspace.locations.find((each) => each.id === cap.locationId)?.name ?? t("inactiveOne")) : t("everywhere");
  const told = (cap: Cap): string => `${typeName(workspace, cap.type)}, ${person(cap)}, ${place(cap)}`;
  return (
    <>
      {leaving ? (
        <Confirm
          title={t("removeCapTitle")}
          text={t("removeCapText", { cap: told(leaving), most: leaving.most })}
          doing={t("removeCap")}
          leaving={t("keepCap")}
          pending={removing.isPending}
          error={removing.error}
          onDo={() => removing.mutate(leaving)}
          onClose={() => {
            removing.reset();
            ask(null);
          }}
        />
      ) : null}
      <Table.ScrollContainer minWidth={620}>
        <Table aria-label={t("caps")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("capType")}</Table.Th>
              <Table.Th>{t("practitioner")}</Table.Th>
              <Table.Th>{t("location")}</Table.Th>
              <Table.Th ta="right">{t("mostADay")}</Table.Th>
              <Table.Td />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((cap) => (
              <Table.Tr key={cap.id}>
                <Table.Td>{typeName(workspace, cap.type)}</Table.Td>
                <Table.Td>{person(cap)}</Table.Td>
                <Table.Td>{place(cap)}</Table.Td>
                <Table.Td ta="right">{cap.most}</Table.Td>
                <Table.Td ta="right">
                  <Button
                    variant="default"
                    size="compact-sm"
                    aria-label={`${t("removeCap")}: ${told(cap)}`}
                    onClick={() => ask(cap)}
                  >
                    {t("removeCap")}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

function CapDialog({ workspace, onClose }: { workspace: Workspace; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [type, setType] = useState(workspace.appointmentTypes[0]?.code ?? "");
  const [practitionerId, setPractitioner] = useState("");
  const [locationId, setLocation] = useState("");
  const [most, setMost] = useState<number | "">(2);
  const adding = useMutation({
    mutationFn: () => addCap({ type, practitionerId: practitionerId || null, locationId: locationId || null, most: Number(most) }, newKey()),
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const ready = type !== "" && most !== "" && most >= 1;
  return (
    <Dialog asks onClose={onClose} title={t("addCap")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) adding.mutate();
        }}
      >
        <Stack gap="sm">
          <NativeSelect
            label={t("capType")}
            value={type}
            data={workspace.appointmentTypes.map((kind) => ({ value: kind.code, label: kind.name }))}
            onChange={(event) => setType(event.currentTarget.value)}
            data-autofocus
          />
          <NativeSelect
            label={t("practitioner")}
            value={practitionerId}
            data={[{ value: "", label: t("allTogether") }, ...workspace.practitioners.map((row) => ({ value: row.id, label: row.name }))]}
            onChange={(event) => setPractitioner(event.currentTarget.value)}
          />
          <NativeSelect
            label={t("location")}
            value={locationId}
            data={[{ value: "", label: t("everywhere") }, ...workspace.locations.map((row) => ({ value: row.id, label: row.name }))]}
            onChange={(event) => setLocation(event.currentTarget.value)}
          />
          <NumberInput
            label={t("mostADay")}
            value={most}
            min={1}
            max={1000}
            allowDecimal={false}
            onChange={(value) => setMost(value === "" ? "" : Number(value))}
          />
          <Text size="sm">{t("capHint")}</Text>
          {adding.error ? <Failure error={adding.error} /> : null}
          <Group gap="xs">
            <Button type="submit" disabled={!ready} loading={adding.isPending}>
              {t("save")}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
