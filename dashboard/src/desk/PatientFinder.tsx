/** Who calls: found by name, phone or birth date while one types; then their card. */

import { Anchor, Button, Combobox, Group, Highlight, Loader, Paper, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useImperativeHandle, useRef, useState, type ReactNode, type Ref } from "react";

import { api, told, type Patient } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import { hear } from "../lib/keys";
import { clock, day, dayOf } from "../lib/time";

export interface FinderHandle {
  focus(): void;
}

interface Props {
  ref: Ref<FinderHandle>;
  practice: string;
  patient: Patient | null;
  zone: string;
  onChoose: (patient: Patient | null) => void;
  onNew: () => void;
  /** To the patient's card. */
  onOpen: () => void;
}

export function PatientFinder({ ref, practice, patient, zone, onChoose, onNew, onOpen }: Props): ReactNode {
  const { t, language } = useWords();
  const input = useRef<HTMLInputElement>(null);
  const [text, type] = useState("");
  const [search] = useDebouncedValue(text.trim(), 120);
  const combobox = useCombobox();
  useImperativeHandle(ref, () => ({ focus: () => input.current?.focus() }), []);

  const found = useQuery({
    enabled: search.length > 1,
    queryKey: ["patients", practice, search],
    queryFn: async () => (await told(() => api.GET("/api/v2/patients", { params: { query: { search, limit: 8 } } }))).data,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  // What is shown belongs to what is typed; Enter in between would take somebody else.
  const current = search === text.trim() && !found.isPlaceholderData;
  const people = search.length > 1 ? (found.data ?? []) : [];
  // The arrows count places in the list; where a newer answer has somebody else there, Enter would take them.
  const list = useRef<HTMLDivElement>(null);
  const point = combobox.updateSelectedOptionIndex;
  useEffect(() => {
    const shown = [...(list.current?.querySelectorAll("[data-combobox-option]") ?? [])];
    point(shown.findIndex((option) => option.hasAttribute("data-combobox-selected")));
  }, [found.data, point]);
  // Enter before the answer: who is found alone is taken when it comes; among several one has to look first.
  const hurried = useRef("");
  // What was pressed after it is meant for the desk with that patient, and would only spoil the name here.
  const early = useRef<string[]>([]);
  const only = current && people.length === 1 ? people[0] : undefined;
  useEffect(() => {
    if (!hurried.current || !current || found.isPending) return;
    const wanted = hurried.current;
    hurried.current = "";
    if (only && wanted === search) take(only);
    else early.current = [];
  });
  useEffect(() => {
    if (patient) early.current.splice(0).forEach(hear);
  }, [patient]);

  if (patient) return <Card patient={patient} zone={zone} onChange={() => onChoose(null)} />;

  return (
    <div>
      <Combobox
        store={combobox}
        // Within the page's landmarks, for who goes by them.
        withinPortal={false}
        onOptionSubmit={(id) => {
          // Whoever is pointed at is meant, though a newer answer may be on its way.
          const chosen = people.find((person) => person.id === id);
          if (chosen) take(chosen);
        }}
      >
        <Combobox.Target>
          <TextInput
            ref={input}
            label={t("findPatient")}
            placeholder={t("findHint")}
            value={text}
            autoComplete="off"
            data-autofocus
            rightSection={found.isFetching ? <Loader size="xs" aria-label={t("loading")} /> : <kbd>/</kbd>}
            onChange={(event) => {
              patience();
              type(event.currentTarget.value);
              combobox.openDropdown();
              combobox.resetSelectedOption();
            }}
            onFocus={() => text && combobox.openDropdown()}
            onBlur={() => combobox.closeDropdown()}
            onKeyDown={(event) => {
              if (hurried.current && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
                event.preventDefault();
                early.current.push(event.key);
              }
              if (event.key === "Enter" && !current && text.trim().length > 1) hurried.current = text.trim();
              if (event.key === "Enter" && current && people[0] && combobox.getSelectedOptionIndex() < 0) {
                event.preventDefault();
                take(people[0]);
              }
              if (event.key === "Escape") {
                patience();
                event.currentTarget.blur();
              }
            }}
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={search.length < 2}>
          {people.length > 0 ? (
            <Combobox.Options ref={list} aria-label={t("findPatient")} aria-busy={!current}>
              {people.map((person) => (
                <Combobox.Option value={person.id} key={person.id}>
                  <Highlight component="span" highlight={search.split(/\s+/)} fw={600} size="sm">
                    {`${person.firstName} ${person.lastName}`}
                  </Highlight>
                  <Text component="span" size="sm" className="muted">
                    {" "}
                    · {t("born")} {person.dateOfBirth} · {person.phone || "—"}
                  </Text>
                </Combobox.Option>
              ))}
            </Combobox.Options>
          ) : current && found.isSuccess ? (
            <Combobox.Empty role="status">{t("noPatient")}</Combobox.Empty>
          ) : null}
        </Combobox.Dropdown>
      </Combobox>
      {found.error ? <Failure error={found.error} retry={() => void found.refetch()} /> : null}
      <Button mt="xs" size="xs" variant="default" onClick={onNew} rightSection={<kbd>a</kbd>}>
        {t("newPatient")}
      </Button>
    </div>
  );

  function patience(): void {
    hurried.current = "";
    early.current = [];
  }

  function take(chosen: Patient): void {
    onChoose(chosen);
    type("");
    combobox.closeDropdown();
    input.current?.blur();
  }

  function Card(props: { patient: Patient; zone: string; onChange: () => void }): ReactNode {
    const { patient: person } = props;
    const next = person.nextAppointment ? new Date(person.nextAppointment.start) : null;
    return (
      <Paper withBorder px="sm" py="xs" aria-label={t("patient")} component="section">
        <Group justify="space-between" wrap="nowrap">
          <Text fw={700}>
            {person.firstName} {person.lastName}
          </Text>
          <Anchor component="button" type="button" size="xs" onClick={props.onChange}>
            {t("changePatient")}
          </Anchor>
        </Group>
        <Text size="sm">
          {t("born")} {person.dateOfBirth} · {person.phone || "—"}
        </Text>
        <Text size="sm">
          {t("insurance")}: {person.insuranceProvider || t("none")} · {t("lastVisit")}:{" "}
          {person.lastVisit ? dayOf(person.lastVisit, language) : t("never")}
        </Text>
        <Group justify="space-between" gap="xs">
          <Text size="sm">
            {t("nextVisit")}: {next ? `${day(next, props.zone, language)}, ${clock(next, props.zone, language)}` : t("none")}
          </Text>
          <Button size="compact-xs" variant="default" onClick={onOpen} rightSection={<kbd>p</kbd>}>
            {t("patientCard")}
          </Button>
        </Group>
      </Paper>
    );
  }
}
