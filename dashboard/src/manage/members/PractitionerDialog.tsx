/** A practitioner, new or changed; who is still booked with somebody who sees patients no more is told. */

import { Alert, Button, Checkbox, Group, NativeSelect, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { FormEnd } from "../FormEnd";
import { useWords } from "../words";
import { addPractitioner, changePractitioner, useMembers, useRefresh, type Practitioner } from "./data";

const MOST_OVERBOOKINGS = 20;

export function PractitionerDialog({ standing, onClose }: { standing: Practitioner | null; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const members = useMembers();
  const [fields, fill] = useState({
    name: standing?.name ?? "",
    qualification: standing?.qualification ?? "",
    overbookingsADay: standing?.overbookingsADay ?? 2,
    active: standing?.active ?? true,
    memberId: standing?.memberId ?? null,
  });
  const [keys] = useState(() => new Map<string, string>());
  const saving = useMutation({
    mutationFn: async (): Promise<number> => {
      if (standing) return (await changePractitioner(standing.id, fields)).appointmentsOutside;
      const { name, qualification, overbookingsADay, memberId } = fields;
      const wish = JSON.stringify(fields);
      const key = keys.get(wish) ?? newKey();
      keys.set(wish, key);
      await addPractitioner({ name, qualification, overbookingsADay, memberId }, key);
      return 0;
    },
    onSuccess: async (left) => {
      await refresh();
      if (left === 0) onClose();
    },
  });
  const title = standing ? standing.name : t("addPractitioner");
  if (saving.data) {
    return (
      <Dialog onClose={onClose} title={title}>
        <Alert color="yellow" variant="outline" role="alert">
          <Text size="sm" fw={700}>
            {t("stillBooked", { count: saving.data })}
          </Text>
          <Text size="sm">{t("stillBookedText")}</Text>
        </Alert>
        <Group mt="sm">
          <Button onClick={onClose} data-autofocus>
            {t("close")}
          </Button>
        </Group>
      </Dialog>
    );
  }
  const ready = fields.name.trim() !== "";
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
            label={t("memberName")}
            value={fields.name}
            maxLength={120}
            onChange={(event) => fill({ ...fields, name: event.currentTarget.value })}
            data-autofocus
          />
          <Group grow align="end">
            <TextInput
              label={t("qualification")}
              value={fields.qualification}
              maxLength={40}
              onChange={(event) => fill({ ...fields, qualification: event.currentTarget.value })}
            />
            <NumberInput
              label={t("overbookings")}
              value={fields.overbookingsADay}
              min={0}
              max={MOST_OVERBOOKINGS}
              allowDecimal={false}
              onChange={(value) => fill({ ...fields, overbookingsADay: typeof value === "number" ? value : 0 })}
            />
          </Group>
          <NativeSelect
            label={t("signsInAs")}
            description={t("signsInAsHint")}
            value={fields.memberId ?? ""}
            data={[
              { value: "", label: t("nobody") },
              ...(members.data ?? [])
                .filter((each) => each.active || each.memberId === fields.memberId)
                .map((each) => ({ value: each.memberId, label: each.name || each.email })),
            ]}
            onChange={(event) => fill({ ...fields, memberId: event.currentTarget.value || null })}
          />
          {standing ? (
            <Checkbox
              label={t("seesPatients")}
              description={t("seesPatientsHint")}
              checked={fields.active}
              onChange={(event) => fill({ ...fields, active: event.currentTarget.checked })}
            />
          ) : (
            <Text size="sm">{t("thenHours")}</Text>
          )}
          <FormEnd saving={saving} ready={ready} onClose={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
