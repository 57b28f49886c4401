/** What an endpoint is: its address, which events it hears of, and what colleagues should know of it. */

import { Button, Checkbox, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, Refusal, told } from "../../api/client";
import { Failure } from "../../Failure";
import { fieldsTold } from "../../i18n/fields";
import { Page } from "../Page";
import { Unsaved } from "../Unsaved";
import { useWords } from "../words";
import { useRefresh, type WebhookEndpoint, type WithSecret } from "./data";
import { covered, EVERYTHING, GROUPS, ticked, type Group as Kind, type Pattern } from "./events";

interface Fields {
  url: string;
  enabledEvents: Pattern[];
  description: string;
}

export function NewEndpoint({ onClose, onMade }: { onClose: () => void; onMade: (made: WithSecret) => void }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const making = useMutation({
    mutationFn: (body: Fields) => told(() => api.POST("/api/v2/webhook-endpoints", { body })),
    onSuccess: async (made) => {
      await refresh();
      onMade(made);
    },
  });
  return (
    <Page title={t("newEndpoint")} hint={t("newEndpointHint")}>
      <EndpointForm
        doing={t("createEndpoint")}
        pending={making.isPending}
        error={making.error}
        onDone={making.mutate}
        onClose={onClose}
      />
    </Page>
  );
}

interface Props {
  endpoint?: WebhookEndpoint;
  doing: string;
  pending: boolean;
  error: unknown;
  onDone: (fields: Fields) => void;
  onClose: () => void;
}

export function EndpointForm({ endpoint, doing, pending, error, onDone, onClose }: Props): ReactNode {
  const { t, language } = useWords();
  const stored: Fields = {
    url: endpoint?.url ?? "https://",
    enabledEvents: (endpoint?.enabledEvents ?? ["appointment.*"]) as Pattern[],
    description: endpoint?.description ?? "",
  };
  const [fields, fill] = useState(stored);
  const refused = error instanceof Refusal ? fieldsTold(error.fields, language) : {};
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onDone(fields);
      }}
    >
      <Unsaved when={JSON.stringify(fields) !== JSON.stringify(stored)} />
      <Stack gap="md">
        <TextInput
          label={t("endpointUrl")}
          description={t("endpointUrlHint")}
          type="url"
          required
          maxLength={2048}
          maw={640}
          autoFocus
          spellCheck={false}
          value={fields.url}
          error={refused["url"]}
          onChange={(event) => fill({ ...fields, url: event.currentTarget.value })}
        />
        <TextInput
          label={t("description")}
          description={t("descriptionHint")}
          maxLength={200}
          maw={640}
          value={fields.description}
          error={refused["description"]}
          onChange={(event) => fill({ ...fields, description: event.currentTarget.value })}
        />
        <Events chosen={fields.enabledEvents} onChange={(enabledEvents) => fill({ ...fields, enabledEvents })} />
        {error ? <Failure error={error} told={["url", "description"]} /> : null}
        <Group gap="xs">
          <Button type="submit" loading={pending} disabled={fields.enabledEvents.length === 0}>
            {doing}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
          {fields.enabledEvents.length === 0 ? <Text size="sm">{t("chooseEvents")}</Text> : null}
        </Group>
      </Stack>
    </form>
  );
}

interface Choosing {
  chosen: Pattern[];
  onChange: (chosen: Pattern[]) => void;
}

function Events({ chosen, onChange }: Choosing): ReactNode {
  const { t } = useWords();
  return (
    <fieldset className="choices">
      <legend>{t("events")}</legend>
      <Checkbox
        label={t("everything")}
        description={t("everythingHint")}
        checked={chosen.includes(EVERYTHING)}
        onChange={(event) => onChange(ticked(EVERYTHING, event.currentTarget.checked, chosen))}
      />
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} mt="sm">
        {GROUPS.map((group) => (
          <OfNoun key={group.noun} group={group} chosen={chosen} onChange={onChange} />
        ))}
      </SimpleGrid>
    </fieldset>
  );
}

function OfNoun({ group, chosen, onChange }: Choosing & { group: Kind }): ReactNode {
  const { t, has } = useWords();
  const name = t(`events_${group.noun}`);
  const box = (pattern: Pattern, label: string, covering: boolean): ReactNode => (
    <Checkbox
      key={pattern}
      size="xs"
      label={label}
      description={<code>{pattern}</code>}
      checked={covered(pattern, chosen)}
      disabled={covering}
      onChange={(event) => onChange(ticked(pattern, event.currentTarget.checked, chosen))}
    />
  );
  const everything = chosen.includes(EVERYTHING);
  return (
    <fieldset className="choices">
      <legend>{name}</legend>
      <Stack gap={6}>
        {box(group.all, t("allOf", { name }), everything)}
        {group.types.map((type) => {
          const key = `event_${type}`;
          return box(type, has(key) ? t(key) : type, everything || chosen.includes(group.all));
        })}
      </Stack>
    </fieldset>
  );
}
