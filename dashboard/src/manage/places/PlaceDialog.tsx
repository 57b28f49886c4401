/** A place, new or changed; what its new clock leaves outside of hours is told. */

import { Alert, Autocomplete, Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Refusal } from "../../api/client";
import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { FormEnd } from "../FormEnd";
import type { Workspace } from "../hours/data";
import { Touched } from "../hours/Touched";
import { useWords } from "../words";
import { addPlace, changePlace, useRefresh, type Place, type PlaceChanged } from "./data";
import { dialled, isPhone, zones } from "./fields";

interface Props {
  standing: Place | null;
  workspace: Workspace;
  onClose: () => void;
}

const SHOWN_ZONES = 30;

export function PlaceDialog({ standing, workspace, onClose }: Props): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [fields, fill] = useState({
    name: standing?.name ?? "",
    address: standing?.address ?? "",
    phone: standing?.phone ?? "",
    timeZone: standing?.timeZone ?? workspace.practice.timeZone,
    active: standing?.active ?? true,
  });
  const [keys] = useState(() => new Map<string, string>());
  const [known] = useState(() => [...new Set([...zones(), ...(standing ? [standing.timeZone] : []), workspace.practice.timeZone])]);
  const phone = dialled(fields.phone);
  const saving = useMutation({
    mutationFn: async (): Promise<PlaceChanged | null> => {
      const { active, ...rest } = fields;
      const body = { ...rest, phone };
      if (standing) return changePlace(standing.id, { ...body, active });
      const wish = JSON.stringify(body);
      const key = keys.get(wish) ?? newKey();
      keys.set(wish, key);
      await addPlace(body, key);
      return null;
    },
    onSuccess: async (changed) => {
      await refresh();
      if (!changed?.appointmentsOutside) onClose();
    },
  });
  const change = (changed: Partial<typeof fields>): void => {
    saving.reset();
    fill({ ...fields, ...changed });
  };
  const title = standing ? standing.name : t("addPlace");
  if (saving.data?.appointmentsOutside) {
    return (
      <Dialog onClose={onClose} title={title}>
        <Touched outside={{ ...saving.data, preview: false }} workspace={workspace} />
        <Group mt="sm">
          <Button onClick={onClose} data-autofocus>
            {t("close")}
          </Button>
        </Group>
      </Dialog>
    );
  }
  const inUse = standingIn(saving.error);
  const ready = fields.name.trim() !== "" && isPhone(phone) && known.includes(fields.timeZone);
  return (
    <Dialog asks onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) saving.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t("placeName")}
            value={fields.name}
            maxLength={120}
            onChange={(event) => change({ name: event.currentTarget.value })}
            data-autofocus
          />
          <TextInput
            label={t("placeAddress")}
            value={fields.address}
            maxLength={250}
            onChange={(event) => change({ address: event.currentTarget.value })}
          />
          <TextInput
            label={t("placePhone")}
            description={t("placePhoneHint")}
            type="tel"
            value={fields.phone}
            maxLength={30}
            error={isPhone(phone) ? undefined : t("placePhoneRefused")}
            onChange={(event) => change({ phone: event.currentTarget.value })}
          />
          <Autocomplete
            label={t("placeZone")}
            description={t("placeZoneHint")}
            value={fields.timeZone}
            data={known}
            limit={SHOWN_ZONES}
            error={known.includes(fields.timeZone) ? undefined : t("placeZoneRefused")}
            onChange={(timeZone) => change({ timeZone })}
          />
          {standing ? (
            <Checkbox
              label={t("inUseLabel")}
              description={t("inUsePlaceHint")}
              checked={fields.active}
              onChange={(event) => change({ active: event.currentTarget.checked })}
            />
          ) : (
            <Text size="sm">{t("thenHoursThere")}</Text>
          )}
          {inUse === null ? null : (
            <Alert color="red" variant="outline" role="alert">
              <Text size="sm">{inUse > 0 ? t("placeInUse", { count: inUse }) : t("placeHeld")}</Text>
            </Alert>
          )}
          <FormEnd saving={{ ...saving, error: inUse === null ? saving.error : null }} ready={ready} onClose={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}

/** How many appointments keep the place from being closed (0: a time is held there); null: nothing does. */
function standingIn(error: unknown): number | null {
  return error instanceof Refusal && error.code === "location_in_use" ? Number(error.members["appointments"]) : null;
}
