/** A member who is invited, or whose role or access changes; whoever lost the invitation gets another. */

import { Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { newKey } from "../../desk/changes";
import { Dialog } from "../../Dialog";
import { Failure } from "../../Failure";
import { FormEnd } from "../FormEnd";
import { useWords } from "../words";
import { addMember, changeMember, inviteAgain, ROLES, useRefresh, type Member } from "./data";

const EMAIL = /^\S+@\S+\.\S+$/;

export function MemberDialog({ standing, onClose }: { standing: Member | null; onClose: () => void }): ReactNode {
  const { t } = useWords();
  const refresh = useRefresh();
  const [name, rename] = useState(standing?.name ?? "");
  const [email, address] = useState(standing?.email ?? "");
  const [role, choose] = useState<Member["role"]>(standing?.role ?? "scheduling_agent");
  const [active, admit] = useState(standing?.active ?? true);
  const [keys] = useState(() => new Map<string, string>());
  const saving = useMutation({
    mutationFn: () => {
      if (standing) return changeMember(standing.memberId, { role, active });
      const body = { email: email.trim(), name, role };
      const wish = JSON.stringify(body);
      const key = keys.get(wish) ?? newKey();
      keys.set(wish, key);
      return addMember(body, key);
    },
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const ready = name.trim() !== "" && EMAIL.test(email.trim());
  return (
    <Dialog asks onClose={onClose} title={standing ? standing.name || standing.email : t("addMember")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) saving.mutate();
        }}
      >
        <Stack gap="sm">
          {standing ? (
            <Text size="sm">{standing.email}</Text>
          ) : (
            <>
              <TextInput label={t("memberName")} description={t("memberNameHint")} value={name} maxLength={120} onChange={(event) => rename(event.currentTarget.value)} data-autofocus />
              <TextInput
                type="email"
                label={t("email")}
                description={t("invitationHint")}
                value={email}
                onChange={(event) => address(event.currentTarget.value)}
              />
            </>
          )}
          <NativeSelect
            label={t("role")}
            description={t(`roleHint_${role}`)}
            value={role}
            data={ROLES.map((value) => ({ value, label: t(`role_${value}`) }))}
            onChange={(event) => choose(event.currentTarget.value as Member["role"])}
          />
          {standing ? (
            <Checkbox label={t("mayComeIn")} description={t("mayComeInHint")} checked={active} onChange={(event) => admit(event.currentTarget.checked)} />
          ) : null}
          {standing?.pending && standing.active ? <Again member={standing} /> : null}
          <FormEnd saving={saving} ready={ready} onClose={onClose} label={t(standing ? "save" : "invite")} />
        </Stack>
      </form>
    </Dialog>
  );
}

function Again({ member }: { member: Member }): ReactNode {
  const { t } = useWords();
  const inviting = useMutation({ mutationFn: () => inviteAgain(member.memberId) });
  return (
    <>
      <Group gap="xs">
        <Button variant="default" loading={inviting.isPending} disabled={inviting.isSuccess} onClick={() => inviting.mutate()}>
          {t("inviteAgain")}
        </Button>
        <Text size="sm" role="status">
          {inviting.isSuccess ? t("invitedAgain") : ""}
        </Text>
      </Group>
      {inviting.error ? <Failure error={inviting.error} /> : null}
    </>
  );
}
