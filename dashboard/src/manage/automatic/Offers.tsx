/** How a time that becomes free is offered to who waits. */

import { Group, NumberInput, Switch } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { useWords } from "../words";
import { useOffering, useRefresh, writeOffering, type Offering } from "./data";
import { Form } from "./Form";

type Numbers = Exclude<keyof Offering, "active">;

export function Offers(): ReactNode {
  return <Loaded query={useOffering()}>{(found) => <Fields standing={found} />}</Loaded>;
}

function Fields({ standing }: { standing: Offering }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [wanted, change] = useState(standing);
  const saving = useMutation({ mutationFn: () => writeOffering(wanted), onSuccess: refresh });
  const say = (next: Partial<Offering>): void => {
    saving.reset();
    change({ ...wanted, ...next });
  };
  const field = (name: Numbers, least: number, most: number): ReactNode => (
    <NumberInput
      label={t(`offers_${name}`)}
      value={wanted[name]}
      min={least}
      max={most}
      allowDecimal={false}
      required
      disabled={!wanted.active}
      onChange={(value) => say({ [name]: Number(value) })}
    />
  );
  return (
    <Form saving={saving} changed={JSON.stringify(wanted) !== JSON.stringify(standing)}>
      <Switch
        label={t("offersActive")}
        checked={wanted.active}
        onChange={(event) => say({ active: event.currentTarget.checked })}
      />
      <Group align="end">
        {field("batchSize", 1, 10)}
        {field("answerMinutes", 5, 240)}
        {field("leadHours", 0, 168)}
      </Group>
    </Form>
  );
}
