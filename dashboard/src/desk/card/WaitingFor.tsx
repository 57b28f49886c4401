/** On the patient's card: what they wait for, and a wish more. */

import { Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type FormEvent, type ReactNode } from "react";

import type { Patient } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { Loaded } from "../../manage/Loaded";
import { newKey } from "../changes";
import type { Names } from "../names";
import { Waiting } from "../work/Waiting";
import { addToWaitlist, useRefreshWaitlist, useWaitlist, type Wish } from "../work/cascade";
import { useWords } from "../words";
import { useVisits } from "./data";
import { divided } from "./visits";
import { wished } from "./wished";

const PARTS = ["morning", "afternoon", "evening"] as const;
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

interface Props {
  patient: Patient;
  names: Names;
  when: (instant: string) => string;
}

export function WaitingFor(props: Props): ReactNode {
  const { practice, role } = useHere();
  const { t } = useWords();
  const entries = useWaitlist(practice.id, props.patient.id);
  return (
    <Stack gap="sm">
      <Loaded query={entries} empty={t("waitsForNothing")}>
        {(found) => <Waiting entries={found} names={props.names} when={props.when} />}
      </Loaded>
      {role === "practitioner" ? null : <Add {...props} />}
    </Stack>
  );
}

function Add({ patient, names, when }: Props): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const refresh = useRefreshWaitlist(practice.id);
  const visits = useVisits(practice.id, patient.id);
  const [earlier, beEarlier] = useState("");
  const key = useRef(newKey());
  const adding = useMutation({
    mutationFn: (wish: Wish) => addToWaitlist(wish, key.current),
    onSettled: async () => {
      // Another wish is another request.
      key.current = newKey();
      await refresh();
    },
  });
  const booked = divided(visits.data ?? [], Date.now()).upcoming.filter((each) => each.status === "booked");
  const theirs = booked.find((each) => each.appointmentId === earlier);
  return (
    <form
      aria-label={t("addToWaitlist")}
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        adding.mutate(wished(new FormData(event.currentTarget), patient, theirs));
      }}
    >
      <Stack gap="xs">
        <Title order={3} size="h5">
          {t("addToWaitlist")}
        </Title>
        <Text size="sm" className="muted">
          {t("waitlistHint")}
        </Text>
        <NativeSelect
          label={t("waitsFor")}
          value={earlier}
          onChange={(event) => beEarlier(event.currentTarget.value)}
          data={[
            { value: "", label: t("anotherVisit") },
            ...booked.map((each) => ({ value: each.appointmentId, label: t("earlierThan", { at: when(each.start) }) })),
          ]}
        />
        <Group grow align="start">
          {theirs ? null : <Choice name="type" label={t("visitType")} from={names.type} />}
          <Choice name="practitioner" label={t("practitioner")} from={names.practitioner} any={t("anyPractitioner")} />
        </Group>
        <Group grow align="start">
          <NativeSelect
            name="partOfDay"
            label={t("partOfDay")}
            data={[{ value: "", label: t("anyTime") }, ...PARTS.map((value) => ({ value, label: t(`part_${value}`) }))]}
          />
          <TextInput name="fromDate" label={t("earliestDay")} type="date" />
          <TextInput name="untilDate" label={t("latestDay")} type="date" />
        </Group>
        <Checkbox.Group label={t("weekdaysThatSuit")}>
          <Group gap="sm" mt={4}>
            {WEEKDAYS.map((each) => (
              <Checkbox key={each} name="weekday" value={each} label={t(`weekday_${each}`)} />
            ))}
          </Group>
        </Checkbox.Group>
        <Checkbox name="urgent" label={t("urgentFirst")} />
        {adding.error ? <Failure error={adding.error} /> : null}
        <Group>
          <Button type="submit" loading={adding.isPending}>
            {t("addToWaitlist")}
          </Button>
          <Text size="sm" role="status">
            {adding.isSuccess ? t("added") : ""}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

function Choice(props: { name: string; label: string; from: Map<string, string>; any?: string }): ReactNode {
  const choices = [...props.from].map(([value, label]) => ({ value, label }));
  const data = props.any === undefined ? choices : [{ value: "", label: props.any }, ...choices];
  return <NativeSelect name={props.name} label={props.label} data={data} />;
}
