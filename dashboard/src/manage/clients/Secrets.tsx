/** The secrets that are good for a program, and a new one. */

import { Button, Code, Group, NativeSelect, Paper, Stack, Text, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { rotate, useChange, type ApiClient, type WithSecret } from "./data";

const HOUR = 3600;
const OVERLAPS = { none: 0, hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR };
type Overlap = keyof typeof OVERLAPS;

export function Secrets({ client, onSecret }: { client: ApiClient; onSecret: (made: WithSecret) => void }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const [rotating, ask] = useState(false);
  return (
    <Paper withBorder p="md" component="section" aria-label={t("secrets")}>
      <Stack gap="xs" align="start">
        <Title order={3} size="h5">
          {t("secrets")}
        </Title>
        {client.secrets.map((secret) => (
          <Text key={secret.createdAt} size="sm">
            <Code>…{secret.hint}</Code> {t("secretMade", { when: when(secret.createdAt) })}{" "}
            {secret.expiresAt ? t("secretUntil", { when: when(secret.expiresAt) }) : ""}
          </Text>
        ))}
        {client.status === "active" ? (
          <Button size="xs" variant="default" onClick={() => ask(true)}>
            {t("rotate")}
          </Button>
        ) : null}
      </Stack>
      {rotating ? (
        <Rotate
          client={client}
          onClose={() => ask(false)}
          onDone={(made) => {
            ask(false);
            onSecret(made);
          }}
        />
      ) : null}
    </Paper>
  );
}

interface Rotating {
  client: ApiClient;
  onClose: () => void;
  onDone: (made: WithSecret) => void;
}

function Rotate({ client, onClose, onDone }: Rotating): ReactNode {
  const { t } = useWords();
  const [overlap, keep] = useState<Overlap>("day");
  const rotating = useChange(() => rotate(client.id, OVERLAPS[overlap]));
  return (
    <Dialog onClose={onClose} title={t("rotateTitle")}>
      <Stack gap="sm">
        <NativeSelect
          label={t("overlap")}
          description={t("overlapHint")}
          value={overlap}
          onChange={(event) => keep(event.currentTarget.value as Overlap)}
          data={(Object.keys(OVERLAPS) as Overlap[]).map((each) => ({ value: each, label: t(`overlap_${each}`) }))}
        />
        {rotating.error ? <Failure error={rotating.error} /> : null}
        <Group gap="xs">
          <Button loading={rotating.isPending} onClick={() => rotating.mutate(undefined, { onSuccess: onDone })}>
            {t("rotate")}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
