/** To whom: numbers that are pasted or come in a file, or the patients who agreed to texts. */

import { Button, FileButton, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, told } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { useWords } from "../words";
import { read, readPatients, type Audience, type Patients } from "./audience";

const NOBODY: Audience = { people: [], columns: [], refused: 0, twice: 0 };

export function AudienceChoice({ onChange }: { onChange: (audience: Audience) => void }): ReactNode {
  const { role } = useHere();
  const { t } = useWords();
  const [source, from] = useState("list");
  return (
    <Stack gap="xs">
      <Text fw={600} size="sm">
        {t("audience")}
      </Text>
      {role === "practice_manager" ? (
        <SegmentedControl
          aria-label={t("audience")}
          value={source}
          onChange={(chosen) => {
            onChange(NOBODY);
            from(chosen);
          }}
          data={[
            { value: "list", label: t("audience_list") },
            { value: "patients", label: t("audience_patients") },
          ]}
        />
      ) : null}
      {source === "list" ? <List onChange={onChange} /> : <OfPatients onChange={onChange} />}
    </Stack>
  );
}

function List({ onChange }: { onChange: (audience: Audience) => void }): ReactNode {
  const { t } = useWords();
  const [text, type] = useState("");
  const found = read(text);
  function take(typed: string): void {
    type(typed);
    onChange(read(typed));
  }
  return (
    <>
      <Textarea
        label={t("audienceList")}
        placeholder={t("audienceListHint")}
        value={text}
        onChange={(event) => take(event.currentTarget.value)}
        autosize
        minRows={5}
        maxRows={12}
        spellCheck={false}
      />
      <Group gap="sm">
        <FileButton accept=".csv,text/csv,text/plain" onChange={(file) => void file?.text().then(take)}>
          {(props) => (
            <Button size="xs" variant="default" {...props}>
              {t("audienceFile")}
            </Button>
          )}
        </FileButton>
        {found.refused + found.twice > 0 ? (
          <Text size="sm" role="status">
            {t("leftOut", { refused: found.refused, twice: found.twice })}
          </Text>
        ) : null}
      </Group>
    </>
  );
}

function OfPatients({ onChange }: { onChange: (audience: Audience) => void }): ReactNode {
  const { t } = useWords();
  const loading = useMutation({
    mutationFn: async (): Promise<Patients> =>
      readPatients(await told(() => api.GET("/api/v2/patients/export.csv", { parseAs: "text" }))),
    onSuccess: onChange,
  });
  return (
    <Stack gap="xs" align="start">
      <Text size="sm">{t("audiencePatientsHint")}</Text>
      <Button size="xs" variant="default" loading={loading.isPending} onClick={() => loading.mutate()}>
        {t("audiencePatients")}
      </Button>
      {loading.error ? <Failure error={loading.error} /> : null}
      {loading.data ? (
        <Text size="sm" role="status">
          {t("leftOutPatients", { unwilling: loading.data.unwilling })}
        </Text>
      ) : null}
    </Stack>
  );
}
