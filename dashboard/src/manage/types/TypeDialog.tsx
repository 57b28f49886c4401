/** A type of appointment, new or changed. Its code is suggested from its name, and stays once it is made. */

import { Checkbox, Group, NativeSelect, NumberInput, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { FormEnd } from "../FormEnd";
import { useWords } from "../words";
import { codeOf } from "./code";
import { addType, AUDIENCES, changeType, useRefresh, type AppointmentType } from "./data";

type Fields = Omit<AppointmentType, "categories">;
const NEW: Fields = {
  code: "", name: "", durationMinutes: 30, bufferBeforeMinutes: 0, bufferAfterMinutes: 0, audience: "any", active: true,
};
const CODE = /^[a-z][a-z0-9_]{0,59}$/;

export function TypeDialog({ standing, onClose }: { standing: AppointmentType | null; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [fields, fill] = useState<Fields>(standing ?? NEW);
  const [ownCode, keepCode] = useState(false);
  const [key, renew] = useState(newKey);
  const code = standing || ownCode ? fields.code : codeOf(fields.name);
  const saving = useMutation({
    mutationFn: () => {
      const { name, durationMinutes, bufferBeforeMinutes, bufferAfterMinutes, audience, active } = fields;
      const body = { name, durationMinutes, bufferBeforeMinutes, bufferAfterMinutes, audience };
      return standing ? changeType(standing.code, { ...body, active }) : addType({ ...body, code }, key);
    },
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const change = (changed: Partial<Fields>): void => {
    // Another wish has a key of its own.
    renew(newKey());
    fill({ ...fields, ...changed });
  };
  const minutes = (name: "durationMinutes" | "bufferBeforeMinutes" | "bufferAfterMinutes", label: string, least: number, most: number): ReactNode => (
    <NumberInput
      label={label}
      value={fields[name]}
      min={least}
      max={most}
      step={5}
      allowDecimal={false}
      onChange={(value) => change({ [name]: typeof value === "number" ? value : least })}
    />
  );
  const ready = fields.name.trim() !== "" && CODE.test(code);
  return (
    <Dialog asks onClose={onClose} title={t(standing ? "changeType" : "addType")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) saving.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t("typeName")}
            value={fields.name}
            maxLength={120}
            onChange={(event) => change({ name: event.currentTarget.value })}
            data-autofocus
          />
          <TextInput
            label={t("typeCode")}
            description={t("typeCodeHint")}
            value={code}
            disabled={standing !== null}
            maxLength={60}
            error={code !== "" && !CODE.test(code) ? t("typeCodeRefused") : undefined}
            onChange={(event) => {
              keepCode(true);
              change({ code: event.currentTarget.value });
            }}
          />
          <Group grow align="end">
            {minutes("durationMinutes", t("typeDurationMinutes"), 5, 480)}
            {minutes("bufferBeforeMinutes", t("bufferBefore"), 0, 120)}
            {minutes("bufferAfterMinutes", t("bufferAfter"), 0, 120)}
          </Group>
          <NativeSelect
            label={t("typeAudience")}
            value={fields.audience}
            data={AUDIENCES.map((value) => ({ value, label: t(`audience_${value}`) }))}
            onChange={(event) => change({ audience: event.currentTarget.value as Fields["audience"] })}
          />
          {standing ? (
            <Checkbox
              label={t("inUseLabel")}
              description={t("inUseTypeHint")}
              checked={fields.active}
              onChange={(event) => change({ active: event.currentTarget.checked })}
            />
          ) : null}
          <FormEnd saving={saving} ready={ready} onClose={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
