/** "Why not Tuesday at eight?" Everything that stands against a time, to read out, and the nearest that can be had. */

import { Alert, Button, Group, List, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, type FormEvent, type ReactNode } from "react";

import { api, told, type Patient, type Schemas, type Slot } from "../../api/client";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { instantAt } from "../../lib/time";
import { Blockers } from "../Blockers";
import type { Names } from "../names";
import { useWords } from "../words";

type Explained = Schemas["ExplainedOutput"];

interface Props {
  patient: Patient | null;
  slot: Slot | null;
  type: string | null;
  names: Names;
  when: (instant: string) => string;
  date: string;
  onClose: () => void;
  onChoose: (slot: Slot) => void;
}

export function WhyNot({ patient, slot, type, names, when, date, onClose, onChoose }: Props): ReactNode {
  const { t } = useWords();
  const { practice } = useHere();
  const asking = useMutation({
    mutationFn: (given: FormData) => {
      const text = (name: string): string => String(given.get(name) ?? "");
      const start = instantAt(text("date"), text("time"), practice.timeZone).toISOString();
      const query = { type: text("type"), practitioner: text("practitioner"), start, ...(patient ? { patient: patient.id } : {}) };
      return told(() => api.GET("/api/v2/slots/why-not", { params: { query } }));
    },
  });
  function ask(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    asking.mutate(new FormData(event.currentTarget));
  }
  return (
    <Dialog wide onClose={onClose} title={t("whyNotThen")}>
      <Stack gap="sm">
        <form aria-label={t("whyNotThen")} onSubmit={ask}>
          <Group grow gap="xs" mb="xs">
            <Choice name="practitioner" label={t("practitioner")} from={names.practitioner} chosen={slot?.practitionerId} autoFocus />
            <Choice name="type" label={t("visitType")} from={names.type} chosen={type ?? undefined} />
          </Group>
          <Group align="end" gap="xs">
            <TextInput name="date" label={t("day")} type="date" required withAsterisk={false} defaultValue={date} />
            <TextInput name="time" label={t("wallTime")} type="time" required withAsterisk={false} defaultValue="09:00" />
            <Button type="submit" loading={asking.isPending}>
              {t("askWhyNot")}
            </Button>
          </Group>
        </form>
        {asking.error ? <Failure error={asking.error} /> : null}
        {asking.data ? <Reasons key={asking.submittedAt} found={asking.data} names={names} when={when} onChoose={onChoose} /> : null}
      </Stack>
    </Dialog>
  );
}

interface ReasonsProps {
  found: Explained;
  names: Names;
  when: (instant: string) => string;
  onChoose: (slot: Slot) => void;
}

function Reasons({ found, names, when, onChoose }: ReasonsProps): ReactNode {
  const { t } = useWords();
  const nearest = useRef<HTMLButtonElement>(null);
  // Enter takes the first; it is chosen, and not yet booked.
  useEffect(() => nearest.current?.focus(), []);
  return (
    <Alert
      color={found.possible ? "teal" : "orange"}
      variant="outline"
      role="status"
      title={`${when(found.start)}: ${t(found.possible ? "canBeHad" : "cannotBeHad")}`}
    >
      {found.blockers.length > 0 ? (
        <List size="sm" aria-label={t("whyNot")}>
          <Blockers of={found.blockers} />
        </List>
      ) : null}
      <Text size="sm" fw={600} mt="xs" mb={4}>
        {t(found.nearest.length > 0 ? "nearest" : "noneNear")}
      </Text>
      <Group gap="xs">
        {found.nearest.map((each, place) => (
          <Button key={each.id} ref={place === 0 ? nearest : null} size="xs" variant="default" onClick={() => onChoose(each)}>
            {when(each.start)} · {names.practitioner.get(each.practitionerId)} · {names.location.get(each.locationId)}
          </Button>
        ))}
      </Group>
    </Alert>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  from: Map<string, string>;
  chosen: string | undefined;
  autoFocus?: boolean;
}

function Choice({ name, label, from, chosen, autoFocus = false }: ChoiceProps): ReactNode {
  const data = [...from].map(([value, text]) => ({ value, label: text }));
  return <NativeSelect className="grow" name={name} label={label} data={data} data-autofocus={autoFocus || undefined} defaultValue={chosen} />;
}
