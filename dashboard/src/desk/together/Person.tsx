/** Who comes: found as on the desk, in one field. */

import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, told, type Patient } from "../../api/client";
import { useHere } from "../../here";
import { useWords } from "../words";

interface Props {
  patient: Patient | null;
  /** Ids of who comes already. */
  taken: string[];
  onChoose: (patient: Patient | null) => void;
}

export function Person({ patient, taken, onChoose }: Props): ReactNode {
  const { t } = useWords();
  const { practice } = useHere();
  const [text, type] = useState("");
  const [search] = useDebouncedValue(text.trim(), 150);
  const found = useQuery({
    enabled: search.length > 1,
    queryKey: ["patients", practice.id, search],
    queryFn: async () => (await told(() => api.GET("/api/v2/patients", { params: { query: { search, limit: 8 } } }))).data,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  const others = (search.length > 1 ? (found.data ?? []) : []).filter((each) => !taken.includes(each.id));
  const people = patient ? [patient, ...others] : others;
  return (
    <Select
      className="grow"
      label={t("patient")}
      placeholder={t("findHint")}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t("changePatient") }}
      value={patient?.id ?? null}
      onSearchChange={type}
      // The API has found them, by more than how the name is spelled.
      filter={({ options }) => options}
      nothingFoundMessage={search.length > 1 && found.isSuccess ? t("noPatient") : null}
      error={found.error ? t("failedUnknown") : null}
      data={people.map((each) => ({ value: each.id, label: `${each.firstName} ${each.lastName} · ${t("born")} ${each.dateOfBirth}` }))}
      onChange={(id) => onChoose(people.find((each) => each.id === id) ?? null)}
    />
  );
}
