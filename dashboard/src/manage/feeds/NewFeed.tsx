/** A feed for one who sees patients; whether it names them is said before it is made, for it cannot be changed. */

import { Checkbox, NativeSelect, Stack } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Dialog } from "../../Dialog";
import { FormEnd } from "../FormEnd";
import type { Practitioner } from "../members/data";
import { useWords } from "../words";
import { create, useChange, type WithAddress } from "./data";

interface Props {
  practitioners: Practitioner[];
  onClose: () => void;
  onMade: (feed: WithAddress) => void;
}

export function NewFeed({ practitioners, onClose, onMade }: Props): ReactNode {
  const { t } = useWords();
  const [practitionerId, choose] = useState("");
  const [showPatients, name] = useState(false);
  const creating = useChange(create);
  const ready = practitionerId !== "";
  return (
    <Dialog onClose={onClose} title={t("newFeed")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !creating.isPending) creating.mutate({ practitionerId, showPatients }, { onSuccess: onMade });
        }}
      >
        <Stack gap="sm">
          <NativeSelect
            label={t("feedOf")}
            description={practitioners.length > 0 ? t("feedOfHint") : t("noPractitioners")}
            value={practitionerId}
            data-autofocus
            data={[{ value: "", label: t("feedChoose") }, ...practitioners.map((each) => ({ value: each.id, label: each.name }))]}
            onChange={(event) => choose(event.currentTarget.value)}
          />
          <Checkbox
            label={t("feedShowPatients")}
            description={t("feedShowPatientsHint")}
            checked={showPatients}
            onChange={(event) => name(event.currentTarget.checked)}
          />
          <FormEnd saving={creating} ready={ready} onClose={onClose} label={t("createFeed")} />
        </Stack>
      </form>
    </Dialog>
  );
}
