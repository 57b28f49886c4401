/** Hours that are added, to several weekdays at once, or changed, or removed; what that leaves outside is told first. */

import { Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { date, plusDays } from "../../lib/time";
import { Sure } from "../Confirm";
import { useWords, type Translate } from "../words";
import { range } from "./clocks";
import { addHours, changeHours, removeHours, useRefresh, WEEKDAYS, type Hours, type Outside, type Weekday, type Workspace } from "./data";
import { Touched } from "./Touched";

/** `standing`: those hours; else new ones. */
export interface Draft {
  standing?: Hours;
  practitionerId?: string;
  locationId?: string;
  weekday?: Weekday;
}

interface Props {
  draft: Draft;
  workspace: Workspace;
  onClose: () => void;
}

type Act = "save" | "remove";

interface Fields {
  practitionerId: string;
  locationId: string;
  weekdays: Weekday[];
  starts: string;
  ends: string;
  from: string;
  lastDay: string;
}

export function HoursDialog({ draft, workspace, onClose }: Props): ReactNode {
  const { t, language } = useWords();
  const refresh = useRefresh();
  const [fields, fill] = useState(() => fieldsOf(draft, workspace));
  const [warned, warn] = useState<{ act: Act; outside: Outside } | null>(null);
  const keys = useRef(new Map<string, string>());
  const acting = useMutation({
    mutationFn: async ({ act, sure }: { act: Act; sure: boolean }): Promise<Outside | null> => {
      if (!draft.standing) return addAll(fields, keys.current);
      const seen = sure ? null : await applied(draft.standing, act, fields, true);
      if (seen && (act === "remove" || seen.appointmentsOutside > 0)) return seen;
      await applied(draft.standing, act, fields, false);
      return null;
    },
    onSuccess: async (outside, { act }) => {
      if (outside) return warn({ act, outside });
      await refresh();
      onClose();
    },
    // Some of the weekdays may have been added.
    onError: refresh,
  });
  const change = (changed: Partial<Fields>): void => {
    warn(null);
    fill({ ...fields, ...changed });
  };
  const backwards = fields.ends !== "00:00" && fields.ends <= fields.starts;
  const ready = fields.starts !== "" && fields.ends !== "" && !backwards && fields.weekdays.length > 0 && fields.from !== "";
  const act = (what: Act): void => acting.mutate({ act: what, sure: warned?.act === what });
  const remover = useRef<HTMLButtonElement>(null);
  function keep(): void {
    flushSync(() => warn(null));
    remover.current?.focus();
  }
  if (draft.standing && warned?.act === "remove") {
    const touching = warned.outside.appointmentsOutside > 0;
    return (
      <Dialog asks onClose={onClose} title={t("removeHoursTitle")}>
        <Sure
          text={t("removeHoursText", { hours: told(draft.standing, workspace, t, language) })}
          doing={t(touching ? "removeAnyway" : "removeHours")}
          leaving={t("keepHours")}
          pending={acting.isPending}
          error={acting.error}
          onDo={() => act("remove")}
          onClose={keep}
        >
          {touching ? <Touched outside={warned.outside} workspace={workspace} /> : null}
        </Sure>
      </Dialog>
    );
  }
  return (
    <Dialog asks onClose={onClose} title={t(draft.standing ? "changeHours" : "addHours")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) act("save");
        }}
      >
        <Stack gap="sm">
          <Who fields={fields} workspace={workspace} fixed={draft.standing !== undefined} onChange={change} />
          <Weekdays fields={fields} single={draft.standing !== undefined} onChange={change} />
          <Group grow align="start">
            <TextInput
              type="time"
              label={t("startsAt")}
              value={fields.starts}
              onChange={(event) => change({ starts: event.currentTarget.value })}
              data-autofocus
            />
            <TextInput
              type="time"
              label={t("endsAt")}
              description={t("midnightEnds")}
              inputWrapperOrder={["label", "input", "description", "error"]}
              value={fields.ends}
              error={fields.ends !== "" && backwards ? t("endsBeforeStart") : undefined}
              onChange={(event) => change({ ends: event.currentTarget.value })}
            />
          </Group>
          <Group grow align="start">
            <TextInput
              type="date"
              label={t("firstDay")}
              value={fields.from}
              onChange={(event) => change({ from: event.currentTarget.value })}
            />
            <TextInput
              type="date"
              label={t("lastDayIfAny")}
              value={fields.lastDay}
              min={fields.from}
              onChange={(event) => change({ lastDay: event.currentTarget.value })}
            />
          </Group>
          {warned ? <Touched outside={warned.outside} workspace={workspace} /> : null}
          {acting.error ? <Failure error={acting.error} /> : null}
          <Group gap="xs">
            <Button type="submit" disabled={!ready} loading={acting.isPending && acting.variables.act === "save"}>
              {t(warned ? "saveAnyway" : "save")}
            </Button>
            {draft.standing ? (
              <Button
                ref={remover}
                variant="outline"
                color="red"
                loading={acting.isPending && acting.variables.act === "remove"}
                onClick={() => act("remove")}
              >
                {t("removeHours")}
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
        data={named(workspace.locations)}
        onChange={(event) => onChange({ locationId: event.currentTarget.value })}
      />
    </Group>
  );
}

function Weekdays({ fields, single, onChange }: Part & { single: boolean }): ReactNode {
  const { t } = useWords();
  if (single) {
    return (
      <NativeSelect
        label={t("weekday")}
        value={fields.weekdays[0] ?? "monday"}
        data={WEEKDAYS.map((value) => ({ value, label: t(`weekday_${value}`) }))}
        onChange={(event) => onChange({ weekdays: [event.currentTarget.value as Weekday] })}
      />
    );
  }
  return (
    <Checkbox.Group label={t("weekdays")} value={fields.weekdays} onChange={(weekdays) => onChange({ weekdays: weekdays as Weekday[] })}>
      <Group gap="sm" mt={4}>
        {WEEKDAYS.map((weekday) => (
          <Checkbox key={weekday} value={weekday} label={t(`weekday_${weekday}`)} />
        ))}
      </Group>
      {fields.weekdays.length === 0 ? <Text size="xs" mt={4}>{t("chooseWeekday")}</Text> : null}
    </Checkbox.Group>
  );
}

/** Dr Lee, Downtown, Monday, 9:00 AM – 5:00 PM */
function told({ practitionerId, locationId, weekday, starts, ends }: Hours, workspace: Workspace, t: Translate, language: string): string {
  const nameOf = (rows: { id: string; name: string }[], id: string): string | undefined => rows.find((row) => row.id === id)?.name;
  const who = nameOf(workspace.practitioners, practitionerId);
  const where = nameOf(workspace.locations, locationId);
  return [who, where, t(`weekday_${weekday}`), range(starts, ends, language)].filter(Boolean).join(", ");
}

function fieldsOf({ standing, ...draft }: Draft, workspace: Workspace): Fields {
  const person = draft.practitionerId ?? workspace.practitioners[0]?.id ?? "";
  const place = draft.locationId ?? workspace.locations[0]?.id ?? "";
  const today = date(new Date(), workspace.practice.timeZone);
  if (!standing) {
    const weekdays = draft.weekday ? [draft.weekday] : [];
    return { practitionerId: person, locationId: place, weekdays, starts: "09:00", ends: "17:00", from: today, lastDay: "" };
  }
  const lastDay = standing.validUntil ? plusDays(standing.validUntil, -1) : "";
  return { ...standing, weekdays: [standing.weekday], from: standing.validFrom, lastDay };
}

function validity({ from, lastDay }: Fields): { validFrom: string; validUntil: string | null } {
  return { validFrom: from, validUntil: lastDay === "" ? null : plusDays(lastDay, 1) };
}

/** One after the other. Those that were added before one is refused stand, and saving again does not add them twice. */
async function addAll(fields: Fields, keys: Map<string, string>): Promise<null> {
  const { practitionerId, locationId, starts, ends } = fields;
  for (const weekday of WEEKDAYS.filter((each) => fields.weekdays.includes(each))) {
    const body = { practitionerId, locationId, weekday, starts, ends, ...validity(fields) };
    const wanted = JSON.stringify(body);
    const key = keys.get(wanted) ?? newKey();
    keys.set(wanted, key);
    await addHours(body, key);
  }
  return null;
}

function applied(standing: Hours, act: Act, fields: Fields, preview: boolean): Promise<Outside> {
  if (act === "remove") return removeHours(standing.id, preview);
  const { locationId, starts, ends } = fields;
  return changeHours(standing.id, { locationId, weekday: fields.weekdays[0], starts, ends, ...validity(fields) }, preview);
}
