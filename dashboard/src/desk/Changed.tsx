/** Somebody else was quicker: what the appointment is now, and what to do. */

import { Alert, Button, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Appointment } from "../api/client";
import { useWords } from "../i18n";
import type { Key } from "../i18n/en";
import type { Names } from "./names";

interface Props {
  now: Appointment;
  names: Names;
  when: (instant: string) => string;
  onClose: () => void;
}

export function Changed({ now, names, when, onClose }: Props): ReactNode {
  const { t } = useWords();
  const told = [
    when(now.start),
    names.type.get(now.type) ?? now.type,
    names.practitioner.get(now.practitionerId),
    names.location.get(now.locationId),
    t(`status_${now.status}` as Key),
    ...(now.confirmedAt ? [t("confirmed")] : []),
  ];
  return (
    <Alert color="orange" variant="outline" role="alert" title={t("changedMeanwhile")}>
      <Text size="sm" fw={600}>
        {t("now")}: {told.filter(Boolean).join(" · ")}
      </Text>
      <Text size="sm">{t(now.status === "booked" ? "changedAgain" : "changedOver")}</Text>
      <Button size="xs" mt="xs" variant="subtle" onClick={onClose}>
        {t("close")}
      </Button>
    </Alert>
  );
}
