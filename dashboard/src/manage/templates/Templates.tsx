/** Messages to patients: every kind, by text and by e-mail, in each language; one of them to be worded. */

import { Badge, Button, Group, SegmentedControl, Table } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { useTemplates, type Template } from "./data";
import { Editor } from "./Editor";
import { CHANNELS, channelName, kindName } from "./names";

type Language = "en" | "es";

export function Templates(): ReactNode {
  const [opened, open] = useState<string | null>(null);
  const [language, speak] = useState<Language>("en");
  const templates = useTemplates();
  const template = templates.data?.find((each) => each.name === opened);
  if (template) return <Editor key={template.name} template={template} onClose={() => open(null)} />;
  return <Kinds language={language} onLanguage={speak} onOpen={open} />;
}

interface Props {
  language: Language;
  onLanguage: (language: Language) => void;
  onOpen: (name: string) => void;
}

function Kinds({ language, onLanguage, onOpen }: Props): ReactNode {
  const { t } = useWords();
  const templates = useTemplates();
  const choice = (
    <SegmentedControl
      aria-label={t("templateLanguage")}
      value={language}
      onChange={(value) => onLanguage(value as Language)}
      data={[
        { value: "en", label: t("templateEnglish") },
        { value: "es", label: t("templateSpanish") },
      ]}
    />
  );
  return (
    <Page title={t("templates")} hint={t("templatesHint")} actions={choice}>
      <Loaded query={templates}>
        {(all) => {
          const shown = all.filter((template) => template.language === language);
          const kinds = [...new Set(shown.map((template) => template.kind))];
          return (
            <Table.ScrollContainer minWidth={560}>
              <Table aria-label={t("templates")} verticalSpacing="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("templateKind")}</Table.Th>
                    {CHANNELS.map((channel) => (
                      <Table.Th key={channel}>{channelName(channel, t)}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {kinds.map((kind) => (
                    <Table.Tr key={kind}>
                      <Table.Th scope="row">{kindName(kind, t)}</Table.Th>
                      {CHANNELS.map((channel) => (
                        <Table.Td key={channel}>
                          <Cell
                            template={shown.find((each) => each.kind === kind && each.channel === channel)}
                            onOpen={onOpen}
                          />
                        </Table.Td>
                      ))}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Cell({ template, onOpen }: { template: Template | undefined; onOpen: (name: string) => void }): ReactNode {
  const { t } = useWords();
  if (!template) return null;
  const which = `${kindName(template.kind, t)}, ${channelName(template.channel, t)}`;
  return (
    <Group gap="xs" wrap="nowrap">
      <Button
        size="xs"
        variant="default"
        aria-label={`${t("templateEdit")}: ${which}`}
        onClick={() => onOpen(template.name)}
      >
        {t("templateEdit")}
      </Button>
      <Badge variant="outline" color={template.isDefault ? "gray" : "indigo"} className="plain-badge">
        {t(template.isDefault ? "templateDefault" : "templateOwn")}
      </Badge>
    </Group>
  );
}
