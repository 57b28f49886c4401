/** A reserved time that is added, changed or given up. */

import { Button, Checkbox, Group, NativeSelect, NumberInput, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import type { Language } from "../../i18n";
import { date, plusDays } from "../../lib/time";
import { Sure } from "../Confirm";
import { range } from "../hours/clocks";
import { useWords, type Translate } from "../words";
import { addBlock, changeBlock, removeBlock, useRefresh, WEEKDAYS, type Block, type Weekday, type Workspace } from "./data";
import { days } from "./days.ts";

interface Props {
  /** null: a new one. */
  standing: Block | null;
  workspace: Workspace;
  onClose: () => void;
}

interface Fields {
  name: string;
  practitionerId: string;
  /** "": anywhere. */
  locationId: string;
  weekdays: Weekday[];
  starts: string;
  ends: string;
  types: string[];
  newPatients: boolean;
  /** "": never. */
  releaseHours: number | "";
  from: string;
  lastDay: string;
}

const WORKDAYS = WEEKDAYS.slice(0, 5);
const LONGEST_RELEASE = 2160;

export function BlockDialog({ standing, workspace, onClose }: Props): ReactNode {
  const { t, language } = useWords();
  const refresh = useRefresh();
  const [sure, ask] = useState(false);
  const remover = useRef<HTMLButtonElement>(null);
  const [fields, fill] = useState(() => fieldsOf(standing, workspace));
  const [key] = useState(newKey);
  const acting = useMutation({
    mutationFn: (act: "save" | "remove") => {
      if (!standing) return addBlock({ ...bodyOf(fields), practitionerId: fields.practitionerId, locationId: fields.locationId || null }, key);
      return act === "save" ? changeBlock(standing.id, bodyOf(fields)) : removeBlock(standing.id);
    },
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const change = (changed: Partial<Fields>): void => fill({ ...fields, ...changed });
  const backwards = fields.ends !== "00:00" && fields.ends <= fields.starts;
  const forNobody = fields.types.length === 0 && !fields.newPatients;
  const ready =
    fields.name.trim() !== "" && fields.starts !== "" && fields.ends !== "" && !backwards && !forNobody && fields.weekdays.length > 0 && fields.from !== "";
  function keep(): void {
    acting.reset();
    flushSync(() => ask(false));
    remover.current?.focus();
  }
  if (standing && sure) {
    return (
      <Dialog asks wide onClose={onClose} title={t("removeBlockTitle", { name: standing.name })}>
        <Sure
          text={t("removeBlockText", { block: told(standing, workspace, t, language) })}
          doing={t("removeBlock")}
          leaving={t("keepBlock")}
          pending={acting.isPending}
          error={acting.error}
          onDo={() => acting.mutate("remove")}
          onClose={keep}
        />
      </Dialog>
    );
  }
  return (
    <Dialog asks wide onClose={onClose} title={t(standing ? "changeBlock" : "addBlock")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) acting.mutate("save");
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t("blockName")}
            description={t("blockNameHint")}
            value={fields.name}
            maxLength={120}
            onChange={(event) => change({ name: event.currentTarget.value })}
            data-autofocus
          />
          <Who fields={fields} workspace={workspace} fixed={standing !== null} onChange={change} />
          <When fields={fields} backwards={backwards} onChange={change} />
          <ForWhom fields={fields} workspace={workspace} forNobody={forNobody} onChange={change} />
          <NumberInput
            label={t("releaseHours")}
            description={t("releaseHoursHint")}
            value={fields.releaseHours}
            min={0}
            max={LONGEST_RELEASE}
            allowDecimal={false}
            clampBehavior="strict"
            onChange={(value) => change({ releaseHours: value === "" ? "" : Number(value) })}
          />
          {acting.error ? <Failure error={acting.error} /> : null}
          <Group gap="xs">
            <Button type="submit" disabled={!ready} loading={acting.isPending}>
              {t("save")}
            </Button>
            {standing ? (
              <Button ref={remover} variant="outline" color="red" disabled={acting.isPending} onClick={() => ask(true)}>
                {t("removeBlock")}
              </Button>
            ) : null}
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

/** Dr Lee, All locations: Monday – Friday, 9:00 AM – 10:00 AM. */
function told(block: Block, workspace: Workspace, t: Translate, language: Language): string {
  const named = (rows: { id: string; name: string }[], id: string): string => rows.find((row) => row.id === id)?.name ?? t("inactiveOne");
  const who = named(workspace.practitioners, block.practitionerId);
  const where = block.locationId ? named(workspace.locations, block.locationId) : t("everywhere");
  const weekdays = days(WEEKDAYS, block.weekdays, (day) => t(`weekday_${day}`));
  return `${who}, ${where}: ${weekdays}, ${range(block.starts, block.ends, language)}`;
}

interface Part {
  fields: Fields;
  onChange: (changed: Partial<Fields>) => void;
}

function Who({ fields, workspace, fixed, onChange }: Part & { workspace: Workspace; fixed: boolean }): ReactNode {
  const { t } = useWords();
  const named = (rows: { id: string; name: string }[]): { value: string; label: string }[] =>
    rows.map((row) => ({ value: row.id, label: row.name }));
  return (
    <Group grow>
      <NativeSelect
        label={t("practitioner")}
        value={fields.practitionerId}
        disabled={fixed}
        data={named(workspace.practitioners)}
        onChange={(event) => onChange({ practitionerId: event.currentTarget.value })}
      />
      <NativeSelect
        label={t("location")}
        value={fields.locationId}
        disabled={fixed}
        data={[{ value: "", label: t("everywhere") }, ...named(workspace.locations)]}
        onChange={(event) => onChange({ locationId: event.currentTarget.value })}
      />
    </Group>
  );
}

function When({ fields, backwards, onChange }: Part & { backwards: boolean }): ReactNode {
  const { t } = useWords();
  return (
    <>
      <Checkbox.Group label={t("weekdays")} value={fields.weekdays} onChange={(weekdays) => onChange({ weekdays: weekdays as Weekday[] })}>
        <Group gap="sm" mt={4}>
          {WEEKDAYS.map((weekday) => (
            <Checkbox key={weekday} value={weekday} label={t(`weekday_${weekday}`)} />
          ))}
        </Group>
        {fields.weekdays.length === 0 ? <Text size="xs">{t("chooseWeekday")}</Text> : null}
      </Checkbox.Group>
      <Group grow align="start">
        <TextInput type="time" label={t("startsAt")} value={fields.starts} onChange={(event) => onChange({ starts: event.currentTarget.value })} />
        <TextInput
          type="time"
          label={t("endsAt")}
          description={t("midnightEnds")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={fields.ends}
          error={fields.ends !== "" && backwards ? t("endsBeforeStart") : undefined}
          onChange={(event) => onChange({ ends: event.currentTarget.value })}
        />
      </Group>
      <Group grow align="start">
        <TextInput type="date" label={t("firstDay")} value={fields.from} onChange={(event) => onChange({ from: event.currentTarget.value })} />
        <TextInput
          type="date"
          label={t("lastDayIfAny")}
          value={fields.lastDay}
          min={fields.from}
          onChange={(event) => onChange({ lastDay: event.currentTarget.value })}
        />
      </Group>
    </>
  );
}

function ForWhom({ fields, workspace, forNobody, onChange }: Part & { workspace: Workspace; forNobody: boolean }): ReactNode {
  const { t } = useWords();
  return (
    <>
      <Checkbox
        label={t("allNewPatients")}
        description={t("allNewPatientsHint")}
        checked={fields.newPatients}
        onChange={(event) => onChange({ newPatients: event.currentTarget.checked })}
      />
      <Checkbox.Group label={t("reservedForTypes")} value={fields.types} onChange={(types) => onChange({ types })}>
        <SimpleGrid cols={{ base: 1, xs: 2, sm: 3 }} spacing="xs" mt={4}>
          {workspace.appointmentTypes.map((kind) => (
            <Checkbox key={kind.code} value={kind.code} label={kind.name} />
          ))}
        </SimpleGrid>
        {forNobody ? <Text size="xs">{t("chooseForWhom")}</Text> : null}
      </Checkbox.Group>
    </>
  );
}

function fieldsOf(standing: Block | null, workspace: Workspace): Fields {
  if (standing) {
    const lastDay = standing.validUntil ? plusDays(standing.validUntil, -1) : "";
    return { ...standing, locationId: standing.locationId ?? "", releaseHours: standing.releaseHours ?? "", from: standing.validFrom, lastDay };
  }
  return {
    name: "",
    practitionerId: workspace.practitioners[0]?.id ?? "",
    locationId: "",
    weekdays: WORKDAYS,
    starts: "09:00",
    ends: "10:00",
    types: [],
    newPatients: true,
    releaseHours: 48,
    from: date(new Date(), workspace.practice.timeZone),
    lastDay: "",
  };
}

function bodyOf({ name, weekdays, starts, ends, types, newPatients, releaseHours, from, lastDay }: Fields): Omit<Block, "id" | "practitionerId" | "locationId"> {
  return {
    name: name.trim(),
    weekdays,
    starts,
    ends,
    types,
    newPatients,
    releaseHours: releaseHours === "" ? null : releaseHours,
    validFrom: from,
    validUntil: lastDay === "" ? null : plusDays(lastDay, 1),
  };
}
