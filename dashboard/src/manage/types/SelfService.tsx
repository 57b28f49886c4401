/** From how soon, and how far ahead, programs by which patients book themselves may book. */

import { Button, Group, NumberInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { Unsaved } from "../Unsaved";
import { useWords } from "../words";
import { useRefresh, useRules, writeRules, type Rules } from "./data";

export function SelfService(): ReactNode {
  const { t } = useWords();
  const rules = useRules();
  return (
    <Stack gap="sm" component="section" aria-label={t("selfService")}>
      <div className="page-title">
        <Title order={3} size="h4">
          {t("selfService")}
        </Title>
        <Text size="sm" className="muted">
          {t("selfServiceHint")}
        </Text>
      </div>
      <Loaded query={rules}>{(found) => <Form standing={found} />}</Loaded>
    </Stack>
  );
}

function Form({ standing }: { standing: Rules }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [rules, change] = useState(standing);
  const saving = useMutation({ mutationFn: () => writeRules(rules), onSuccess: refresh });
  const field = (name: keyof Rules, label: string, least: number, most: number): ReactNode => (
    <NumberInput
      label={label}
      description={t("emptyIsNoLimit")}
      value={rules[name] ?? ""}
      min={least}
      max={most}
      allowDecimal={false}
      onChange={(value) => {
        saving.reset();
        change({ ...rules, [name]: typeof value === "number" ? value : null });
      }}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      <Group align="end">
        {field("leadHours", t("leadHours"), 0, 720)}
        {field("horizonDays", t("horizonDays"), 1, 366)}
        <Button type="submit" variant="default" loading={saving.isPending}>
          {t("save")}
        </Button>
        <Text size="sm" role="status">
          {saving.isSuccess ? t("rulesSaved") : ""}
        </Text>
      </Group>
      <Unsaved when={JSON.stringify(rules) !== JSON.stringify(standing)} />
      {saving.error ? <Failure error={saving.error} /> : null}
    </form>
  );
}
