/** Who signs in for the practice, and who sees its patients. */

import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useWords } from "../words";
import { useMembers, usePractitioners, type Member, type Practitioner } from "./data";
import { MemberDialog } from "./MemberDialog";
import { MemberRows } from "./MemberRows";
import { PractitionerDialog } from "./PractitionerDialog";
import { PractitionerRows } from "./PractitionerRows";

export function People(): ReactNode {
  const { t } = useWords();
  return (
    <Page title={t("people")} hint={t("peopleHint")}>
      <Stack gap="xl">
        <Members />
        <Practitioners />
      </Stack>
    </Page>
  );
}

function Members(): ReactNode {
  const { t } = useWords();
  const members = useMembers();
  // "new": the dialog for one who is not there yet.
  const [edited, edit] = useState<Member | "new" | null>(null);
  return (
    <Section title={t("members")} hint={t("membersHint")} add={t("addMember")} onAdd={() => edit("new")}>
      <Loaded query={members}>{(found) => <MemberRows members={found} onEdit={edit} />}</Loaded>
      {edited ? <MemberDialog standing={edited === "new" ? null : edited} onClose={() => edit(null)} /> : null}
    </Section>
  );
}

function Practitioners(): ReactNode {
  const { t } = useWords();
  const practitioners = usePractitioners();
  const [edited, edit] = useState<Practitioner | "new" | null>(null);
  return (
    <Section title={t("practitioners")} hint={t("practitionersHint")} add={t("addPractitioner")} onAdd={() => edit("new")}>
      <Loaded query={practitioners} empty={t("noPractitioners")}>
        {(found) => <PractitionerRows practitioners={found} onEdit={edit} />}
      </Loaded>
      {edited ? <PractitionerDialog standing={edited === "new" ? null : edited} onClose={() => edit(null)} /> : null}
    </Section>
  );
}

interface SectionProps {
  title: string;
  hint: string;
  add: string;
  onAdd: () => void;
  children: ReactNode;
}

function Section({ title, hint, add, onAdd, children }: SectionProps): ReactNode {
  return (
    <Stack gap="sm" component="section" aria-label={title}>
      <Group justify="space-between" align="start">
        <div className="page-title">
          <Title order={3} size="h4">
            {title}
          </Title>
          <Text size="sm" className="muted">
            {hint}
          </Text>
        </div>
        <Button variant="default" onClick={onAdd}>
          {add}
        </Button>
      </Group>
      {children}
    </Stack>
  );
}
