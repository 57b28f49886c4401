/** A room or a piece of equipment: new, renamed, or out of use. Where and of which category it is stays. */

import { Autocomplete, Checkbox, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { FormEnd } from "../FormEnd";
import type { Workspace } from "../hours/data";
import { codeOf } from "../types/code";
import { useWords } from "../words";
import { addResource, changeResource, KINDS, spoken, useRefresh, type Resource } from "./data";

interface Props {
  standing: Resource | null;
  /** Categories that there are. */
  known: string[];
  workspace: Workspace;
  onClose: () => void;
}

const LONGEST_CATEGORY = 40;

export function RoomDialog({ standing, known, workspace, onClose }: Props): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [name, rename] = useState(standing?.name ?? "");
  const [active, use] = useState(standing?.active ?? true);
  const [locationId, place] = useState(standing?.locationId ?? workspace.locations[0]?.id ?? "");
  const [kind, choose] = useState<Resource["kind"]>(standing?.kind ?? "room");
  const [category, categorise] = useState(spoken(standing?.category ?? ""));
  const [keys] = useState(() => new Map<string, string>());
  const saving = useMutation({
    mutationFn: () => {
      if (standing) return changeResource(standing.id, { name, active });
      const body = { locationId, kind, category: codeOf(category).slice(0, LONGEST_CATEGORY), name };
      const wish = JSON.stringify(body);
      const key = keys.get(wish) ?? newKey();
      keys.set(wish, key);
      return addResource(body, key);
    },
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const ready = name.trim() !== "" && codeOf(category) !== "";
  return (
    <Dialog asks onClose={onClose} title={t(standing ? "changeRoom" : "addRoom")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) saving.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput label={t("roomName")} value={name} maxLength={120} onChange={(event) => rename(event.currentTarget.value)} data-autofocus />
          <Group grow>
            <NativeSelect
              label={t("location")}
              value={locationId}
              disabled={standing !== null}
              data={workspace.locations.map((each) => ({ value: each.id, label: each.name }))}
              onChange={(event) => place(event.currentTarget.value)}
            />
            <NativeSelect
              label={t("roomKind")}
              value={kind}
              disabled={standing !== null}
              data={KINDS.map((value) => ({ value, label: t(`kind_${value}`) }))}
              onChange={(event) => choose(event.currentTarget.value as Resource["kind"])}
            />
          </Group>
          <Autocomplete
            label={t("category")}
            description={t("categoryHint")}
            value={category}
            disabled={standing !== null}
            data={known.map(spoken)}
            onChange={categorise}
          />
          {standing ? (
            <Checkbox
              label={t("inUseLabel")}
              description={t("inUseRoomHint")}
              checked={active}
              onChange={(event) => use(event.currentTarget.checked)}
            />
          ) : null}
          <FormEnd saving={saving} ready={ready} onClose={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
