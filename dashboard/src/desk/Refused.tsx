/** Not done, and why: everything that stands against it, and the nearest times that work. */

import { Alert, Button, Group, List, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Refusal, type Slot } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { told } from "../i18n/refusals";
import { Blockers } from "./Blockers";

interface Props {
  error: unknown;
  when: (instant: string) => string;
  names: Map<string, string>;
  onChoose: (slot: Slot) => void;
  onClose?: () => void;
  again?: () => void;
}

export function Refused({ error, when, names, onChoose, onClose, again }: Props): ReactNode {
  const { t, language } = useWords();
  if (!(error instanceof Refusal) || (error.status !== 409 && !error.offline)) {
    return (
      <>
        <Failure error={error} {...(again ? { retry: again } : {})} />
        {onClose ? <Closing onClose={onClose} /> : null}
      </>
    );
  }
  if (error.offline) {
    return (
      <Alert color="yellow" role="alert" title={t("notBooked")}>
        <Text size="sm">{t("unsure")}</Text>
        {again ? (
          <Button size="xs" mt="xs" onClick={again}>
            {t("sendAgain")}
          </Button>
        ) : null}
        {onClose ? <Closing onClose={onClose} /> : null}
      </Alert>
    );
  }
  return (
    <Alert color="red" variant="outline" role="alert" title={told(error, language)}>
      {error.blockers.length > 0 ? (
        <List size="sm" aria-label={t("whyNot")}>
          <Blockers of={error.blockers} />
        </List>
      ) : null}
      {error.nearest.length > 0 ? (
        <>
          <Text size="sm" fw={600} mt="xs">
            {t("nearest")}
          </Text>
          <Group gap="xs" mt={4}>
            {error.nearest.map((slot) => (
              <Button
                key={slot.id}
                size="xs"
                variant="default"
                onClick={() => {
                  onClose?.();
                  onChoose(slot);
                }}
              >
                {when(slot.start)} · {names.get(slot.practitionerId)}
              </Button>
            ))}
          </Group>
        </>
      ) : null}
      {onClose ? <Closing onClose={onClose} /> : null}
    </Alert>
  );
}

function Closing({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Button size="xs" mt="xs" variant="subtle" onClick={onClose}>
      {t("close")}
    </Button>
  );
}
