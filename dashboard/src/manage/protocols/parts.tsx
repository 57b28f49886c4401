/** What the editor's forms are made of. */

import { Accordion, Button, Group, SimpleGrid, Text, Textarea } from "@mantine/core";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";

import { useWords } from "../words";
import { moved, without, type Said } from "./definition";

const Context = createContext(false);

export const Editing = Context.Provider;

/** Whether this version can be changed; what was published cannot. */
export function useEditing(): boolean {
  return useContext(Context);
}

interface TextsProps {
  label: string;
  value: Said | undefined;
  /** The place of the text in the body, by which errors name it. */
  place: string;
  errors: Record<string, string>;
  /** May be left out altogether. */
  optional?: boolean;
  onChange: (value: Said | undefined) => void;
}

/** English always; Spanish where the practice has it. */
export function Texts({ label, value, place, errors, optional = false, onChange }: TextsProps): ReactNode {
  const { t } = useWords();
  function change(en: string, es: string): void {
    const texts = es === "" ? { en } : { en, es };
    onChange(optional && en === "" && es === "" ? undefined : texts);
  }
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Textarea
        autosize
        maxLength={1000}
        label={`${label} (${t("protocolEnglish")})`}
        value={value?.en ?? ""}
        error={errors[`${place}/en`]}
        onChange={(event) => change(event.currentTarget.value, value?.es ?? "")}
      />
      <Textarea
        autosize
        lang="es"
        maxLength={1000}
        label={`${label} (${t("protocolSpanish")})`}
        value={value?.es ?? ""}
        error={errors[`${place}/es`]}
        onChange={(event) => change(value?.en ?? "", event.currentTarget.value)}
      />
    </SimpleGrid>
  );
}

interface ItemsProps<T> {
  items: T[];
  title: (item: T, at: number) => ReactNode;
  hint?: (item: T) => ReactNode;
  /** Says why the item must stay; null: it may go. */
  kept?: (item: T) => string | null;
  bad: (at: number) => boolean;
  addLabel: string;
  /** What is new, at the end. */
  make: () => T;
  onChange: (items: T[]) => void;
  children: (item: T, at: number) => ReactNode;
}

/** A list of which one is open at a time, to be put in order, added to and taken from. */
export function Items<T>({ items, title, hint, kept, bad, addLabel, make, onChange, children }: ItemsProps<T>): ReactNode {
  const { t } = useWords();
  const editing = useEditing();
  const [opened, open] = useState<string | null>(null);
  // Where whoever works by keyboard goes on: in what is new, or at what they have just moved.
  const [focus, on] = useState<Focus>(null);
  const add = useRef<HTMLButtonElement>(null);
  function show(item: string | null, at: Focus = null): void {
    on(at);
    open(item);
  }
  return (
    <>
      {/* Shown at once, so that it can be gone to at once. */}
      <Accordion variant="separated" transitionDuration={0} value={opened} onChange={(item) => show(item)} order={3}>
        {items.map((item, at) => (
          <Accordion.Item key={at} value={String(at)}>
            <Accordion.Control>
              <Text fw={600} size="sm" component="span" display="block">
                {at + 1}. {title(item, at)}
                {bad(at) ? ` · ${t("protocolFaulty")}` : ""}
              </Text>
              {hint ? (
                <Text size="sm" className="muted" component="span" display="block">
                  {hint(item)}
                </Text>
              ) : null}
            </Accordion.Control>
            <Accordion.Panel>
              {opened === String(at) ? (
                <>
                  <Form first={focus === "form"} disabled={!editing}>
                    {children(item, at)}
                  </Form>
                  {editing ? (
                    <Row
                      first={at === 0}
                      last={at === items.length - 1}
                      kept={kept?.(item) ?? null}
                      focus={focus}
                      onMove={(by) => {
                        onChange(moved(items, at, by));
                        show(String(at + by), by);
                      }}
                      onRemove={() => {
                        onChange(without(items, at));
                        show(null);
                        add.current?.focus();
                      }}
                    />
                  ) : null}
                </>
              ) : null}
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      {editing ? (
        <Button
          ref={add}
          mt="sm"
          variant="default"
          onClick={() => {
            onChange([...items, make()]);
            show(String(items.length), "form");
          }}
        >
          {addLabel}
        </Button>
      ) : null}
    </>
  );
}

type Focus = "form" | -1 | 1 | null;

function Form({ first, disabled, children }: { first: boolean; disabled: boolean; children: ReactNode }): ReactNode {
  const form = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    if (first) form.current?.querySelector<HTMLElement>("input, textarea, select")?.focus();
  }, [first]);
  return (
    <fieldset ref={form} className="frozen" disabled={disabled}>
      {children}
    </fieldset>
  );
}

interface RowProps {
  first: boolean;
  last: boolean;
  kept: string | null;
  focus: Focus;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

function Row({ first, last, kept, focus, onMove, onRemove }: RowProps): ReactNode {
  const { t } = useWords();
  const up = useRef<HTMLButtonElement>(null);
  const down = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // At an end there is no further way: the other button is at hand.
    if (focus === -1) (first ? down : up).current?.focus();
    if (focus === 1) (last ? up : down).current?.focus();
  }, [focus, first, last]);
  return (
    <Group gap="xs" mt="md">
      <Button ref={up} size="xs" variant="default" disabled={first} onClick={() => onMove(-1)}>
        {t("protocolUp")}
      </Button>
      <Button ref={down} size="xs" variant="default" disabled={last} onClick={() => onMove(1)}>
        {t("protocolDown")}
      </Button>
      <Button size="xs" variant="outline" color="red" disabled={kept !== null} onClick={onRemove}>
        {t("protocolRemove")}
      </Button>
      {kept ? <Text size="sm">{kept}</Text> : null}
    </Group>
  );
}
