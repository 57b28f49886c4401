/** What managers should know: what it is, since when, where to look, and that it was seen. */

import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { api, told } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useEndpoints, useRefresh } from "../webhooks/data";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { useNotices, type Notice } from "./data";

export function Notices(): ReactNode {
  const { t } = useWords();
  const notices = useNotices();
  const [seen, see] = useState(false);
  return (
    <Page title={t("notices")} hint={t("noticesHint")}>
      <Text size="sm" role="status">
        {seen ? t("acknowledged") : ""}
      </Text>
      <Loaded query={notices} empty={t("noNotices")}>
        {(found) => (
          <Stack gap="sm">
            {found.map((notice) => (
              <One key={notice.noticeId} notice={notice} onSeen={() => see(true)} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function One({ notice, onSeen }: { notice: Notice; onSeen: () => void }): ReactNode {
  const { practice } = useHere();
  const { t, has } = useWords();
  const when = useMoment();
  const refresh = useRefresh();
  const url = useEndpoints().data?.find((endpoint) => endpoint.webhookEndpointId === notice.webhookEndpointId)?.url;
  const seeing = useMutation({
    mutationFn: () =>
      told(() => api.POST("/api/v2/notices/{notice_id}/acknowledge", { params: { path: { notice_id: notice.noticeId } } })),
    onSuccess: onSeen,
    onSettled: refresh,
  });
  const [title, text] = [`notice_${notice.kind}`, `noticeText_${notice.kind}`];
  const opened = { practice: practice.id, id: notice.webhookEndpointId };
  return (
    <Paper withBorder p="md" component="article" aria-label={notice.title} data-notice={notice.kind}>
      <Stack gap="xs" align="start">
        <Title order={3} size="h5">
          {has(title) ? t(title) : notice.title}
        </Title>
        <Text size="sm">{has(text) ? t(text) : notice.text}</Text>
        <Text size="sm" className="address">
          {url}
        </Text>
        <Text size="sm" className="muted">
          {t("noticeCount", { count: notice.count, first: when(notice.firstAt), last: when(notice.lastAt) })}
        </Text>
        {seeing.error ? <Failure error={seeing.error} /> : null}
        <Group gap="xs">
          <Button size="xs" renderRoot={(props) => <Link to="/manage/webhooks" state={{ opened }} {...props} />}>
            {t("lookAtIt")}
          </Button>
          <Button size="xs" variant="default" loading={seeing.isPending} onClick={() => seeing.mutate()}>
            {t("acknowledge")}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
