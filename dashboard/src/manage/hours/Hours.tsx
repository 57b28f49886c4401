/** When people work, week by week, and when they do not. */

import { Button, Paper, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { useHours, useWorkspace, type Workspace } from "./data";
import { HoursDialog, type Draft } from "./HoursDialog";
import { TimeOffList } from "./TimeOffList";
import { Week } from "./Week";

export function Hours(): ReactNode {
  const { t } = useWords();
  const workspace = useWorkspace();
  const [draft, edit] = useState<Draft | null>(null);
  const add = (
    <Button disabled={!workspace.data} onClick={() => edit({})}>
      {t("addHours")}
    </Button>
  );
  return (
    <Page title={t("hours")} hint={t("hoursHint")} actions={add}>
      <Loaded query={workspace}>
        {(found) => (
          <Stack gap="xl">
            <Weekly workspace={found} onEdit={edit} />
            <TimeOffList workspace={found} />
            {draft ? <HoursDialog draft={draft} workspace={found} onClose={() => edit(null)} /> : null}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function Weekly({ workspace, onEdit }: { workspace: Workspace; onEdit: (draft: Draft) => void }): ReactNode {
  const { t } = useWords();
  const hours = useHours();
  const none = (
    <Paper withBorder p="lg">
      <Text>{t("noHours")}</Text>
    </Paper>
  );
  return <Loaded query={hours} empty={none}>{(found) => <Week hours={found} workspace={workspace} onEdit={onEdit} />}</Loaded>;
}
