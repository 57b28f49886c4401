/** What the patient was sent and what was held back, the newest first. */

import { Paper, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Patient } from "../../api/client";
import { useHere } from "../../here";
import { Loaded } from "../../manage/Loaded";
import { useWords } from "../words";
import { useMessages } from "./data";

export function Messages({ patient, when }: { patient: Patient; when: (instant: string) => string }): ReactNode {
  const { practice } = useHere();
  const { t, has } = useWords();
  const messages = useMessages(practice.id, patient.id);
  return (
    <Loaded query={messages} empty={t("noMessages")}>
      {(found) => (
        <Stack gap="xs">
          {found.map((each) => (
            <Paper key={each.messageId} withBorder p="xs" data-message={each.status}>
              <Text size="xs" className="muted">
                {when(each.sentAt ?? each.createdAt)} · {t(`channel_${each.channel}`)} · {kind(each.kind)} ·{" "}
                <strong>{t(`message_${each.status}`)}</strong>
                {each.code ? ` (${against(each.code)})` : ""}
              </Text>
              <Text size="sm">{each.body}</Text>
            </Paper>
          ))}
        </Stack>
      )}
    </Loaded>
  );

  function against(code: string): string {
    const key = `against_${code}`;
    return has(key) ? t(key) : code.replaceAll("_", " ");
  }

  function kind(code: string): string {
    const key = `kind_${code}`;
    return has(key) ? t(key) : code;
  }
}
