/** Last looks: before a draft is put in force, is thrown away, or is left as it was saved. */

import { Alert, Button, Group, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { instantOf } from "../instant";
import { useWords } from "../words";
import { useCheck, useRefreshProtocols } from "./data";
import { discard, nowOf, publish, useShow, type Seen } from "./seen";

interface Props {
  /** What is on screen, and no other, is put in force or thrown away. */
  seen: Seen;
  onClose: () => void;
  onDone: () => void;
}

export function PublishDialog({ seen, onClose, onDone }: Props): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const refresh = useRefreshProtocols();
  const overtaking = useOvertaking();
  const check = useCheck(seen.version.protocolId);
  const [key] = useState(() => crypto.randomUUID());
  const [when, choose] = useState("now");
  const [date, onDay] = useState("");
  const [time, at] = useState("08:00");
  const from = when === "now" ? null : instantOf(date, time, practice.timeZone);
  const publishing = useMutation({
    mutationFn: () => publish(seen, from, key),
    onSuccess: async () => {
      await refresh();
      onDone();
    },
    onError: overtaking,
  });
  const failing = check.data?.results.filter((result) => !result.passed).map((result) => result.name) ?? [];
  const ready = check.data?.passed === true && (when === "now" || from !== null);
  return (
    <Dialog onClose={onClose} title={t("protocolPublishTitle")}>
      <Stack gap="sm">
        <Text>{t("protocolPublishText")}</Text>
        {check.error ? <Failure error={check.error} retry={() => void check.refetch()} /> : null}
        {failing.length > 0 ? <Text role="alert">{t("protocolPublishFailing", { names: failing.join(", ") })}</Text> : null}
        {check.data?.results.length === 0 ? <Text role="alert">{t("protocolPublishEmpty")}</Text> : null}
        <Radio.Group label={t("protocolFrom")} value={when} onChange={choose}>
          <Stack gap="xs" mt={4}>
            <Radio value="now" label={t("protocolAtOnce")} data-autofocus />
            <Radio value="later" label={t("protocolLater")} />
          </Stack>
        </Radio.Group>
        {when === "later" ? (
          <Group>
            <TextInput type="date" label={t("protocolDay")} value={date} onChange={(event) => onDay(event.currentTarget.value)} />
            <TextInput type="time" label={t("protocolTime")} value={time} onChange={(event) => at(event.currentTarget.value)} />
            <Text size="sm" className="muted">
              {practice.timeZone}
            </Text>
          </Group>
        ) : null}
        {publishing.error ? <NotDone error={publishing.error} /> : null}
        <Group gap="xs">
          <Button disabled={!ready || nowOf(publishing.error) !== null} loading={publishing.isPending} onClick={() => publishing.mutate()}>
            {t("protocolPublish")}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

export function DiscardDialog({ seen, onClose, onDone }: Props): ReactNode {
  const { t } = useWords();
  const refresh = useRefreshProtocols();
  const overtaking = useOvertaking();
  const discarding = useMutation({
    mutationFn: () => discard(seen),
    onSuccess: async () => {
      onDone();
      await refresh();
    },
    onError: overtaking,
  });
  return (
    <Dialog onClose={onClose} title={t("protocolDiscardTitle")}>
      <Text mb="md">{t("protocolDiscardText")}</Text>
      {discarding.error ? <NotDone error={discarding.error} /> : null}
      <Group gap="xs">
        <Button
          color="red"
          variant="outline"
          disabled={nowOf(discarding.error) !== null}
          loading={discarding.isPending}
          onClick={() => discarding.mutate()}
        >
          {t("protocolDiscard")}
        </Button>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("cancel")}
        </Button>
      </Group>
    </Dialog>
  );
}

/** What stands behind the dialog is what is true now. */
function useOvertaking(): (error: unknown) => Promise<void> {
  const refresh = useRefreshProtocols();
  const show = useShow();
  return async (error) => {
    const now = nowOf(error);
    if (!now) return;
    await show(now);
    await refresh();
  };
}

function NotDone({ error }: { error: unknown }): ReactNode {
  const { t } = useWords();
  if (!nowOf(error)) return <Failure error={error} />;
  return (
    <Alert color="orange" variant="outline" role="alert" title={t("changedMeanwhile")} my="xs">
      <Text size="sm">{t("protocolLookFirst")}</Text>
    </Alert>
  );
}

export function LeaveDialog({ onClose, onDone }: Omit<Props, "seen">): ReactNode {
  const { t } = useWords();
  return (
    <Dialog onClose={onClose} title={t("protocolLeaveTitle")}>
      <Text mb="md">{t("protocolLeaveText")}</Text>
      <Group gap="xs">
        <Button color="red" variant="outline" onClick={onDone}>
          {t("protocolLeave")}
        </Button>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("cancel")}
        </Button>
      </Group>
    </Dialog>
  );
}
