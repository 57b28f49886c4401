/** Each attempt to deliver one event: when, how long it took, and what was answered. */

import { Code, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Dialog } from "../../Dialog";
import { Loaded } from "../Loaded";
import { useReason } from "../reasons";
import { useWhen } from "../when";
import { useWords } from "../words";
import { useAttempts, type Attempt, type WebhookDelivery } from "./data";

export function Attempts({ delivery, onClose }: { delivery: WebhookDelivery; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const attempts = useAttempts(delivery);
  return (
    <Dialog onClose={onClose} title={t("attemptsOf", { type: delivery.eventType })} wide>
      <Text size="sm" mb="sm">
        {t("webhookId")}: <Code>{delivery.eventId}</Code>
      </Text>
      <Loaded query={attempts} empty={t("noAttempts")}>
        {(found) => (
          <Table.ScrollContainer minWidth={560}>
            <Table aria-label={t("attempts")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th ta="right">#</Table.Th>
                  <Table.Th>{t("startedAt")}</Table.Th>
                  <Table.Th ta="right">{t("duration")}</Table.Th>
                  <Table.Th ta="right">{t("answer")}</Table.Th>
                  <Table.Th>{t("why")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((attempt, at) => (
                  <Line key={at} attempt={attempt} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
    </Dialog>
  );
}

function Line({ attempt }: { attempt: Attempt }): ReactNode {
  const { t } = useWords();
  const when = useWhen();
  const reason = useReason();
  return (
    <Table.Tr>
      <Table.Td ta="right">{attempt.attempt}</Table.Td>
      <Table.Td>
        {when(attempt.startedAt)}
        {attempt.trigger === "manual" ? (
          <Text size="xs" className="muted">
            {t("byHand")}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td ta="right">{attempt.durationMs} ms</Table.Td>
      <Table.Td ta="right">{attempt.responseStatus ?? "—"}</Table.Td>
      <Table.Td>
        <Stack gap={2}>
          {attempt.succeeded ? t("arrived") : reason(attempt.error)}
          {attempt.responseExcerpt ? (
            <Code block className="excerpt" tabIndex={0} role="group" aria-label={t("answer")}>
              {attempt.responseExcerpt}
            </Code>
          ) : null}
        </Stack>
      </Table.Td>
    </Table.Tr>
  );
}
