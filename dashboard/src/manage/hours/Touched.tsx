/** What a change would leave outside of hours: told before it is made, so that somebody calls those patients. */

import { Alert, List, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useMoment } from "../moment";
import { useWords } from "../words";
import type { Outside, Workspace } from "./data";

export function Touched({ outside, workspace }: { outside: Outside; workspace: Workspace }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const nameOf = (id: string): string => workspace.practitioners.find((each) => each.id === id)?.name ?? "";
  return (
    <Alert color="yellow" variant="outline" role="alert">
      <Text size="sm" fw={700}>
        {t("outsideTitle", { count: outside.appointmentsOutside })}
      </Text>
      <Text size="sm">{t("outsideText")}</Text>
      <List size="sm" mt="xs">
        {outside.soonest.map((each) => (
          <List.Item key={each.appointmentId}>
            {when(each.start)}, {nameOf(each.practitionerId)}
          </List.Item>
        ))}
      </List>
      {outside.soonest.length < outside.appointmentsOutside ? (
        <Text size="sm">{t("outsideMore", { count: outside.appointmentsOutside - outside.soonest.length })}</Text>
      ) : null}
    </Alert>
  );
}
