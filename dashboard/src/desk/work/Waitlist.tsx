/** Who waits for a time, and which times are on offer to whom, for how much longer. */

import { Stack, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Patient } from "../../api/client";
import { Failure } from "../../Failure";
import { Loaded } from "../../manage/Loaded";
import type { Names } from "../names";
import { useWords } from "../words";
import { Openings } from "./Openings";
import { patientOf } from "./ToCall";
import { Waiting } from "./Waiting";
import { useOnOffer, useWaitlist } from "./cascade";

interface Props {
  practice: string;
  names: Names;
  when: (instant: string) => string;
  onPatient: (patient: Patient) => void;
}

export function Waitlist({ practice, names, when, onPatient }: Props): ReactNode {
  const { t } = useWords();
  const entries = useWaitlist(practice);
  const openings = useOnOffer(practice);
  const calling = useMutation({ mutationFn: patientOf, onSuccess: onPatient });
  return (
    <Stack gap="md">
      {calling.error ? <Failure error={calling.error} /> : null}
      <section aria-labelledby="on-offer">
        <Title order={3} size="h5" mb="xs" id="on-offer">
          {t("onOffer")}
        </Title>
        <Loaded query={openings} empty={t("nothingOnOffer")}>
          {(found) => (
            <Openings openings={found} entries={entries.data ?? []} names={names} when={when} onPatient={calling.mutate} />
          )}
        </Loaded>
      </section>
      <section aria-labelledby="who-waits">
        <Title order={3} size="h5" mb="xs" id="who-waits">
          {t("whoWaits")}
        </Title>
        <Loaded query={entries} empty={t("nobodyWaits")}>
          {(found) => <Waiting entries={found} names={names} when={when} onPatient={calling.mutate} />}
        </Loaded>
      </section>
    </Stack>
  );
}
