/** Who calls for the patient: a mother, a husband, a nurse. Their number leads to the patient when it rings. */

import { Badge, Button, Checkbox, Group, NativeSelect, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { all, api, told, type Patient, type Schemas } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { Sure } from "../../manage/Confirm";
import { Loaded } from "../../manage/Loaded";
import { newKey } from "../changes";
import { useWords } from "../words";

type Caller = Schemas["RelatedPersonOutput"];
type Given = Schemas["RelatedPersonInputRequest"];

const RELATIONSHIPS = ["parent", "guardian", "spouse", "child", "sibling", "caregiver", "other"] as const;
const MOST = 200;

export function Callers({ patient }: { patient: Patient }): ReactNode {
  const { practice, role } = useHere();
  const { t } = useWords();
  const queries = useQueryClient();
  const key = ["patient", practice.id, patient.id, "callers"];
  const path = { patient_id: patient.id };
  const callers = useQuery({
    queryKey: key,
    queryFn: () =>
      all((cursor) => api.GET("/api/v2/patients/{patient_id}/related-persons", { params: { path, query: { cursor, limit: MOST } } })),
    staleTime: 0,
  });
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: key });
  const [leaving, ask] = useState<Caller | null>(null);
  const part = useRef<HTMLDivElement>(null);
  const fixed = role === "practitioner";
  function close(caller: Caller): void {
    flushSync(() => ask(null));
    // Where that one is no more, what is left has it.
    const row = part.current?.querySelector(`[data-caller="${caller.id}"] button`);
    (row instanceof HTMLElement ? row : part.current)?.focus();
  }
  if (leaving) return <Removing caller={leaving} patient={patient} onRemoved={refresh} onClose={() => close(leaving)} />;
  return (
    <Stack gap="sm" ref={part} tabIndex={-1}>
      <Loaded query={callers} empty={t("noCallers")}>
        {(found) => (
          <Table aria-label={t("callers")}>
            <Table.Tbody>
              {found.map((each) => (
                <Row key={each.id} caller={each} {...(fixed ? {} : { onRemove: () => ask(each) })} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
      {fixed ? null : <Add patient={patient} onAdded={refresh} />}
    </Stack>
  );
}

interface Leaving {
  caller: Caller;
  patient: Patient;
  onRemoved: () => Promise<void>;
  onClose: () => void;
}

function Removing({ caller, patient, onRemoved, onClose }: Leaving): ReactNode {
  const { t } = useWords();
  const removing = useMutation({
    mutationFn: () => remove(caller.id),
    onSuccess: async () => {
      await onRemoved();
      onClose();
    },
  });
  const names = { name: caller.name, patient: `${patient.firstName} ${patient.lastName}` };
  return (
    <section aria-label={t("removeCallerTitle", names)}>
      <Sure
        text={`${t("removeCallerTitle", names)} ${t("removeCallerText", names)}`}
        doing={t("removeCaller")}
        leaving={t("keepCaller")}
        pending={removing.isPending}
        error={removing.error}
        onDo={() => removing.mutate()}
        onClose={onClose}
      />
    </section>
  );
}

function Row({ caller, onRemove }: { caller: Caller; onRemove?: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Table.Tr data-caller={caller.id}>
      <Table.Th scope="row">{caller.name}</Table.Th>
      <Table.Td>{t(`relationship_${caller.relationship}`)}</Table.Td>
      <Table.Td>{caller.phone || "—"}</Table.Td>
      <Table.Td>
        <Badge variant="default">{t(caller.maySchedule ? "maySchedule" : "mayNotSchedule")}</Badge>
      </Table.Td>
      <Table.Td>
        {onRemove ? (
          <Button size="compact-xs" variant="default" aria-label={`${t("removeCaller")}: ${caller.name}`} onClick={onRemove}>
            {t("removeCaller")}
          </Button>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}

function Add({ patient, onAdded }: { patient: Patient; onAdded: () => Promise<void> }): ReactNode {
  const { t } = useWords();
  const key = useRef(newKey());
  const form = useRef<HTMLFormElement>(null);
  const adding = useMutation({
    mutationFn: (given: Given) => add(patient, given, key.current),
    onSuccess: () => form.current?.reset(),
    onSettled: () => {
      // Somebody else is another request.
      key.current = newKey();
      return onAdded();
    },
  });
  function submitted(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    adding.mutate(givenIn(new FormData(event.currentTarget)));
  }
  return (
    <form ref={form} aria-label={t("addCaller")} onSubmit={submitted}>
      <Stack gap="xs">
        <Text size="sm" className="muted">
          {t("callersHint")}
        </Text>
        <Group grow align="start">
          <TextInput name="name" label={t("callerName")} required autoComplete="off" maxLength={160} />
          <NativeSelect name="relationship" label={t("relationship")} data={RELATIONSHIPS.map((value) => ({ value, label: t(`relationship_${value}`) }))} />
          <TextInput name="phone" label={t("phone")} type="tel" autoComplete="off" maxLength={30} />
        </Group>
        <Checkbox name="maySchedule" label={t("maySchedule")} defaultChecked />
        {adding.error ? <Failure error={adding.error} /> : null}
        <Group>
          <Button type="submit" loading={adding.isPending}>
            {t("addCaller")}
          </Button>
          <Text size="sm" role="status">
            {adding.isSuccess ? t("added") : ""}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

function givenIn(form: FormData): Given {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const relationship = text("relationship") as Given["relationship"];
  return { name: text("name"), relationship, phone: text("phone"), maySchedule: form.get("maySchedule") !== null };
}

function add(patient: Patient, body: Given, key: string): Promise<Caller> {
  const params = { path: { patient_id: patient.id }, header: { "X-Idempotency-Key": key } };
  return told(() => api.POST("/api/v2/patients/{patient_id}/related-persons", { params, body }));
}

async function remove(id: string): Promise<void> {
  await told(() => api.DELETE("/api/v2/related-persons/{related_person_id}", { params: { path: { related_person_id: id } } }));
}
