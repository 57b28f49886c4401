/** All that can be done, by name: what the keys do, the screens, and the patients. Ctrl or Cmd with K. */

import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { api, told, type Patient } from "../api/client";
import { useHere } from "../here";
import { press } from "../lib/keys";
import { screensOf } from "../manage/screens";
import { useWords as useRoomWords } from "../manage/words";
import { switchTo } from "../switching";
import { KEYS } from "./KeySheet";
import { matching } from "./matching";
import { useWords } from "./words";

const [store, spotlight] = createSpotlight();
// Of these the sheet tells more than one, or they need what is under the finger.
const NOT_ALONE = ["m", "s", "o", "x", "e", "Ctrl K"];

interface Command {
  id: string;
  name: string;
  keyName?: string;
  run: () => void;
}

interface Props {
  onPatient: (patient: Patient) => void;
  onClose: () => void;
}

export function Palette({ onPatient, onClose }: Props): ReactNode {
  const { t } = useWords();
  const commands = useCommands();
  const [text, type] = useState("");
  const people = usePeople(text);
  // Before it is drawn: the letters after Ctrl K are its own.
  useState(() => spotlight.open());

  function run(what: () => void): void {
    // First gone, with its hold on the focus; what is done may want it elsewhere.
    spotlight.close();
    flushSync(onClose);
    what();
  }

  const found = matching(commands, text);
  function take(event: KeyboardEvent): void {
    // Who was found after the last letter is under Enter, too; by itself that goes to what was there before.
    const [first] = people;
    if (event.key !== "Enter" || !first || document.querySelector("[data-action][data-selected]")) return;
    event.preventDefault();
    run(() => onPatient(first));
  }

  return (
    <Spotlight.Root
      store={store}
      query={text}
      onQueryChange={type}
      onSpotlightClose={onClose}
      shortcut={null}
      returnFocus={false}
      transitionProps={{ duration: 0 }}
      attributes={{ content: { "aria-label": t("commands") } }}
      maxHeight="60vh"
      scrollable
    >
      <Spotlight.Search ref={focus} onKeyDown={take} aria-label={t("commands")} placeholder={t("commandsHint")} />
      <Spotlight.ActionsList>
        {people.map((person) => (
          <Spotlight.Action
            key={person.id}
            label={`${person.firstName} ${person.lastName}`}
            description={`${t("born")} ${person.dateOfBirth} · ${person.phone || "—"}`}
            onClick={() => run(() => onPatient(person))}
          />
        ))}
        {found.map((command) => (
          <Spotlight.Action
            key={command.id}
            label={command.name}
            rightSection={command.keyName ? <kbd>{command.keyName}</kbd> : undefined}
            onClick={() => run(command.run)}
          />
        ))}
        {found.length + people.length === 0 ? <Spotlight.Empty>{t("noCommand")}</Spotlight.Empty> : null}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

function focus(field: HTMLInputElement | null): void {
  field?.focus();
}

function useCommands(): Command[] {
  const { role, practice, memberships } = useHere();
  const { t } = useWords();
  const { t: named } = useRoomWords();
  const go = useNavigate();
  const keys = KEYS.filter(([keyName]) => !NOT_ALONE.includes(keyName) && [...keyName].length === 1).map(([keyName, name]) => ({
    id: keyName,
    name: capital(t(name)),
    keyName,
    run: () => press(keyName),
  }));
  const screens = screensOf(role).map((screen) => ({
    id: screen.to,
    name: `${t("manage")}: ${named(screen.name)}`,
    run: () => void go({ to: screen.to }),
  }));
  const rest = [{ id: "print", name: t("print"), run: () => window.print() }];
  const practices = memberships
    .filter((each) => each.practice.id !== practice.id)
    .map((each) => ({
      id: each.practice.id,
      name: t("otherPractice", { name: each.practice.name }),
      run: () => void switchTo(each.practice.id),
    }));
  return [...keys, ...practices, ...screens, ...rest];
}

/** As the finder finds them. */
function usePeople(text: string): Patient[] {
  const { practice } = useHere();
  const [search] = useDebouncedValue(text.trim(), 150);
  const found = useQuery({
    enabled: search.length > 1,
    queryKey: ["patients", practice.id, search],
    queryFn: async () => (await told(() => api.GET("/api/v2/patients", { params: { query: { search, limit: 8 } } }))).data,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  // What is shown belongs to what is typed.
  return search.length > 1 && search === text.trim() && !found.isPlaceholderData ? (found.data ?? []) : [];
}

function capital(name: string): string {
  return name.charAt(0).toLocaleUpperCase() + name.slice(1);
}
