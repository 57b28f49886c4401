/** A patient's visits: what is to come first, then what was, the latest first. */

import { Button, Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import type { Appointment, Patient } from "../../api/client";
import { useHere } from "../../here";
import type { Key } from "../../i18n/en";
import { Loaded } from "../../manage/Loaded";
import type { Names } from "../names";
import { useWords } from "../words";
import { useVisits } from "./data";
import { divided } from "./visits";

interface Props {
  patient: Patient;
  names: Names;
  when: (instant: string) => string;
  onVisit: (appointment: Appointment) => void;
}

export function Visits({ patient, names, when, onVisit }: Props): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const visits = useVisits(practice.id, patient.id);
  const shown = (each: Appointment): ReactNode => (
    <Group key={each.appointmentId} gap="xs" justify="space-between" wrap="nowrap" data-visit={each.appointmentId}>
      <Text size="sm">
        <strong>{when(each.start)}</strong> · {names.type.get(each.type) ?? each.type} ·{" "}
        {names.practitioner.get(each.practitionerId)} · {t(`status_${each.status}` as Key)}
      </Text>
      <Button size="compact-xs" variant="default" flex="none" onClick={() => onVisit(each)}>
        {t("showInDay")}
      </Button>
    </Group>
  );
  return (
    <Loaded query={visits}>
      {(found) => {
        const { upcoming, past } = divided(found, Date.now());
        return (
          <Stack gap="xs">
            <Title order={3} size="h5">
              {t("upcoming")}
            </Title>
            {upcoming.length > 0 ? upcoming.map(shown) : <Text size="sm">{t("noUpcoming")}</Text>}
            <Title order={3} size="h5" mt="xs">
              {t("past")}
            </Title>
            {past.length > 0 ? past.map(shown) : <Text size="sm">{t("noPast")}</Text>}
          </Stack>
        );
      }}
    </Loaded>
  );
}
