/** The certificates with which a program must come, if it has any. */

import { Button, Code, FileButton, Group, Paper, Stack, Table, Text, Textarea, Title, VisuallyHidden } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Refusal } from "../../api/client";
import { Failure } from "../../Failure";
import { fieldsTold } from "../../i18n/fields";
import { Confirm } from "../Confirm";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { addCertificate, revokeCertificate, useChange, type ApiClient } from "./data";

export function Certificates({ client }: { client: ApiClient }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const [revoked, ask] = useState<string | null>(null);
  const revoking = useChange((thumbprint: string) => revokeCertificate(client.id, thumbprint));
  const stop = (): void => {
    revoking.reset();
    ask(null);
  };
  return (
    <Paper withBorder p="md" component="section" aria-label={t("certificates")}>
      <Stack gap="sm">
        <Title order={3} size="h5">
          {t("certificates")}
        </Title>
        <Text size="sm">{t(client.certificates.length > 0 ? "certificatesHint" : "noCertificates")}</Text>
        {client.certificates.length > 0 ? (
          <Table aria-label={t("certificates")}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("subject")}</Table.Th>
                <Table.Th>{t("validUntil")}</Table.Th>
                <Table.Th>
                  <VisuallyHidden>{t("actions")}</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {client.certificates.map((certificate) => (
                <Table.Tr key={certificate.thumbprint}>
                  <Table.Td className="address">
                    {certificate.subject}
                    <Text size="xs" className="muted">
                      <Code>{certificate.thumbprint}</Code>
                    </Text>
                  </Table.Td>
                  <Table.Td>{certificate.revokedAt ? t("shutOut", { when: when(certificate.revokedAt) }) : when(certificate.notAfter)}</Table.Td>
                  <Table.Td ta="right">
                    {certificate.revokedAt || client.status === "revoked" ? null : (
                      <Button size="compact-xs" color="red" variant="outline" onClick={() => ask(certificate.thumbprint)}>
                        {t("shutOutIt")}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        ) : null}
        {client.status === "active" ? <Add client={client} /> : null}
      </Stack>
      {revoked ? (
        <Confirm
          title={t("shutOutTitle")}
          text={t("shutOutText")}
          doing={t("shutOutIt")}
          pending={revoking.isPending}
          error={revoking.error}
          onDo={() => revoking.mutate(revoked, { onSuccess: stop })}
          onClose={stop}
        />
      ) : null}
    </Paper>
  );
}

function Add({ client }: { client: ApiClient }): ReactNode {
  const { t, language } = useWords();
  const [opened, open] = useState(false);
  const [pem, give] = useState("");
  const adding = useChange(() => addCertificate(client.id, pem));
  const close = (): void => {
    adding.reset();
    give("");
    open(false);
  };
  if (!opened) {
    return (
      <Button size="xs" variant="default" className="own-width" onClick={() => open(true)}>
        {t("addCertificate")}
      </Button>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        adding.mutate(undefined, { onSuccess: close });
      }}
    >
      <Stack gap="xs">
        <Textarea
          label={t("certificatePem")}
          description={t("certificatePemHint")}
          placeholder="-----BEGIN CERTIFICATE-----"
          required
          autosize
          minRows={4}
          maxRows={12}
          maw={640}
          maxLength={16384}
          autoFocus
          spellCheck={false}
          value={pem}
          error={adding.error instanceof Refusal ? fieldsTold(adding.error.fields, language)["certificate"] : undefined}
          onChange={(event) => give(event.currentTarget.value)}
        />
        {adding.error ? <Failure error={adding.error} told={["certificate"]} /> : null}
        <Group gap="xs">
          <Button size="xs" type="submit" loading={adding.isPending} disabled={pem.trim() === ""}>
            {t("addCertificate")}
          </Button>
          <FileButton accept=".pem,.crt,.cer" onChange={(file) => void file?.text().then(give)}>
            {(props) => (
              <Button size="xs" variant="default" {...props}>
                {t("openFile")}
              </Button>
            )}
          </FileButton>
          <Button size="xs" variant="default" onClick={close}>
            {t("cancel")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
