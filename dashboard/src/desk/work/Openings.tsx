/** Times that are on offer to those who wait, and what each of them has said. */

import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Names } from "../names";
import { Remaining } from "../Offers";
import { useWords } from "../words";
import type { Offer, Opening } from "./byOpening";
import type { Entry } from "./cascade";

interface Props {
  openings: Opening[];
  entries: Entry[];
  names: Names;
  when: (instant: string) => string;
  onPatient: (id: string) => void;
}

export function Openings({ openings, entries, names, when, onPatient }: Props): ReactNode {
  const called = new Map(entries.map((each) => [each.patientId, `${each.firstName} ${each.lastName}`]));
  return (
    <Stack gap="xs">
      {openings.map((opening) => (
        <Paper key={opening.id} withBorder p="xs" data-opening={opening.id}>
          <Text size="sm">
            <strong>{when(opening.start)}</strong> · {names.practitioner.get(opening.practitionerId)} ·{" "}
            {names.location.get(opening.locationId)}
          </Text>
          {opening.offers.map((offer) => (
            <Asked
              key={offer.waitlistOfferId}
              offer={offer}
              name={called.get(offer.patientId)}
              when={when}
              onPatient={onPatient}
            />
          ))}
        </Paper>
      ))}
    </Stack>
  );
}

interface AskedProps {
  offer: Offer;
  name: string | undefined;
  when: (instant: string) => string;
  onPatient: (id: string) => void;
}

function Asked({ offer, name, when, onPatient }: AskedProps): ReactNode {
  const { t } = useWords();
  return (
    <Group gap="xs" mt={4} data-offer={offer.status}>
      <Button size="compact-xs" variant="default" onClick={() => onPatient(offer.patientId)}>
        {name ?? t("showPatient")}
      </Button>
      <Badge variant="default">{t(`offer_${offer.status}`)}</Badge>
      <Text size="xs" className="muted">
        {t("askedAt", { at: when(offer.offeredAt) })}
        {offer.answeredAt ? ` · ${t("saidYesAt", { at: when(offer.answeredAt) })}` : ""}
        {offer.status === "open" && !offer.answeredAt ? (
          <Remaining until={offer.expiresAt} say={(time) => ` · ${t("leftToAnswer", { time })}`} />
        ) : null}
      </Text>
    </Group>
  );
}
