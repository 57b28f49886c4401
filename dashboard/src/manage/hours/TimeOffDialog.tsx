/** New time off: whole days unless times are given; what is booked then is told before it is kept. */

import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { date } from "../../lib/time";
import { useWords } from "../words";
import { REASONS, takeTimeOff, useRefresh, type NewTimeOff, type Outside, type TimeOff, type Workspace } from "./data";
import { Touched } from "./Touched";

interface Fields {
  practitionerId: string;
  locationId: string;
  firstDay: string;
  lastDay: string;
  wholeDays: boolean;
  starts: string;
  ends: string;
  reason: TimeOff["reason"];
}

export function TimeOffDialog({ workspace, onClose }: { workspace: Workspace; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [fields, fill] = useState<Fields>(() => {
    const today = date(new Date(), workspace.practice.timeZone);
    const wholeDays = { wholeDays: true, starts: "09:00", ends: "12:00" };
    return { practitionerId: "", locationId: "", firstDay: today, lastDay: today, ...wholeDays, reason: "vacation" };
  });
  const [warned, warn] = useState<Outside | null>(null);
  const [key, renew] = useState(newKey);
  const taking = useMutation({
    mutationFn: async (sure: boolean): Promise<Outside | null> => {
      const seen = sure ? null : await takeTimeOff(bodyOf(fields), true, key);
      if (seen && seen.appointmentsOutside > 0) return seen;
      await takeTimeOff(bodyOf(fields), false, key);
      return null;
    },
    onSuccess: async (outside) => {
      if (outside) return warn(outside);
      await refresh();
      onClose();
    },
  });
  const change = (changed: Partial<Fields>): void => {
    warn(null);
    // Another wish has a key of its own.
    renew(newKey());
    fill({ ...fields, ...changed });
  };
  const sameDay = fields.firstDay === fields.lastDay;
  const backwards = fields.lastDay < fields.firstDay || (!fields.wholeDays && sameDay && fields.ends !== "00:00" && fields.ends <= fields.starts);
  const ready = fields.firstDay !== "" && fields.lastDay !== "" && !backwards;
  return (
    <Dialog asks onClose={onClose} title={t("addTimeOff")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) taking.mutate(warned !== null);
        }}
      >
        <Stack gap="sm">
          <About fields={fields} workspace={workspace} onChange={change} />
          <Group grow align="start">
            <TextInput
              type="date"
              label={t("firstDay")}
              value={fields.firstDay}
              onChange={(event) => {
                const firstDay = event.currentTarget.value;
                change({ firstDay, lastDay: fields.lastDay < firstDay ? firstDay : fields.lastDay });
              }}
            />
            <TextInput
              type="date"
              label={t("lastDay")}
              value={fields.lastDay}
              error={backwards ? t("endsBeforeStart") : undefined}
              onChange={(event) => change({ lastDay: event.currentTarget.value })}
            />
          </Group>
          <Checkbox label={t("wholeDays")} checked={fields.wholeDays} onChange={(event) => change({ wholeDays: event.currentTarget.checked })} />
          {fields.wholeDays ? null : <Clocks fields={fields} onChange={change} />}
          {warned ? <Touched outside={warned} workspace={workspace} /> : null}
          {taking.error ? <Failure error={taking.error} /> : null}
          <Group gap="xs">
            <Button type="submit" disabled={!ready} loading={taking.isPending}>
              {t(warned ? "saveAnyway" : "save")}
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

interface Part {
  fields: Fields;
  onChange: (changed: Partial<Fields>) => void;
}

function About({ fields, workspace, onChange }: Part & { workspace: Workspace }): ReactNode {
  const { t } = useWords();
  const named = (rows: { id: string; name: string }[], nobody: string): { value: string; label: string }[] => [
    { value: "", label: nobody },
    ...rows.map((row) => ({ value: row.id, label: row.name })),
  ];
  return (
    <>
      <Group grow>
        <NativeSelect
          label={t("whoIsOff")}
          value={fields.practitionerId}
          data={named(workspace.practitioners, t("everybody"))}
          onChange={(event) => onChange({ practitionerId: event.currentTarget.value })}
          data-autofocus
        />
        <NativeSelect
          label={t("location")}
          value={fields.locationId}
          data={named(workspace.locations, t("everywhere"))}
          onChange={(event) => onChange({ locationId: event.currentTarget.value })}
        />
      </Group>
      <NativeSelect
        label={t("whyOff")}
        value={fields.reason}
        data={REASONS.map((value) => ({ value, label: t(`off_${value}`) }))}
        onChange={(event) => onChange({ reason: event.currentTarget.value as TimeOff["reason"] })}
      />
    </>
  );
}

function Clocks({ fields, onChange }: Part): ReactNode {
  const { t } = useWords();
  return (
    <Group grow align="start">
      <TextInput
        type="time"
        label={t("startsOnFirst")}
        value={fields.starts}
        onChange={(event) => onChange({ starts: event.currentTarget.value })}
      />
      <TextInput
        type="time"
        label={t("endsOnLast")}
        description={t("midnightEnds")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={fields.ends}
        onChange={(event) => onChange({ ends: event.currentTarget.value })}
      />
    </Group>
  );
}

function bodyOf({ practitionerId, locationId, firstDay, lastDay, wholeDays, starts, ends, reason }: Fields): NewTimeOff {
  const clocks = wholeDays ? {} : { starts, ends };
  const about = { ...(practitionerId ? { practitionerId } : {}), ...(locationId ? { locationId } : {}) };
  return { ...about, firstDay, lastDay, reason, ...clocks };
}
