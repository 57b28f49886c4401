/** What a program is called and may do, and how it proves who it is. */

import { Button, Checkbox, Group, SegmentedControl, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Refusal } from "../../api/client";
import { Failure } from "../../Failure";
import { fieldsTold } from "../../i18n/fields";
import { Unsaved } from "../Unsaved";
import { useWords } from "../words";
import { SCOPES, type ApiClient, type Fields, type Scope } from "./data";

interface Props {
  client?: ApiClient;
  doing: string;
  pending: boolean;
  error: unknown;
  onDone: (fields: Fields) => void;
  onClose: () => void;
}

export function ClientForm({ client, doing, pending, error, onDone, onClose }: Props): ReactNode {
  const { t, language } = useWords();
  const stored = { scopes: (client?.scopes ?? []) as Scope[], keys: client?.jwks ? JSON.stringify(client.jwks, null, 2) : "" };
  const [name, call] = useState(client?.name ?? "");
  const [scopes, grant] = useState(stored.scopes);
  const [keys, give] = useState(stored.keys);
  const [byKeys, prove] = useState(Boolean(client?.jwks));
  const jwks = parsed(keys);
  const refused = error instanceof Refusal ? fieldsTold(error.fields, language) : {};
  const unreadable = byKeys && keys.trim() !== "" && jwks === undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onDone({ name, scopes, ...(byKeys ? { jwks } : {}) });
      }}
    >
      <Unsaved when={name !== (client?.name ?? "") || keys !== stored.keys || scopes.join() !== stored.scopes.join()} />
      <Stack gap="md">
        <TextInput
          label={t("clientName")}
          description={t("clientNameHint")}
          required
          maxLength={120}
          maw={480}
          autoFocus
          value={name}
          error={refused["name"]}
          onChange={(event) => call(event.currentTarget.value)}
        />
        <fieldset className="choices">
          <legend>{t("scopes")}</legend>
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="xs">
            {SCOPES.map((scope) => (
              <Checkbox
                key={scope}
                size="sm"
                label={t(`scope_${scope}`)}
                description={<code>{scope}</code>}
                checked={scopes.includes(scope)}
                onChange={(event) =>
                  grant(event.currentTarget.checked ? [...scopes, scope] : scopes.filter((each) => each !== scope))
                }
              />
            ))}
          </SimpleGrid>
        </fieldset>
        {client ? null : (
          <SegmentedControl
            className="own-width"
            aria-label={t("proof")}
            value={byKeys ? "keys" : "secret"}
            onChange={(chosen) => prove(chosen === "keys")}
            data={[
              { value: "secret", label: t("proof_secret") },
              { value: "keys", label: t("proof_keys") },
            ]}
          />
        )}
        {byKeys ? (
          <Textarea
            label={t("publicKeys")}
            description={t("publicKeysHint")}
            required
            autosize
            minRows={5}
            maxRows={14}
            maw={640}
            spellCheck={false}
            value={keys}
            error={unreadable ? t("notJson") : refused["jwks"]}
            onChange={(event) => give(event.currentTarget.value)}
          />
        ) : null}
        {error ? <Failure error={error} told={["name", "jwks"]} /> : null}
        <Group gap="xs">
          <Button type="submit" loading={pending} disabled={scopes.length === 0 || (byKeys && jwks === undefined)}>
            {doing}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
          {scopes.length === 0 ? <Text size="sm">{t("chooseScopes")}</Text> : null}
        </Group>
      </Stack>
    </form>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
