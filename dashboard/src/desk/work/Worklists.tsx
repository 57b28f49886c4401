/** Between calls: what patients wrote, who waits for a time, who is to be called, and which times are being offered. */

import { Tabs } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Appointment, HeldTime, Patient } from "../../api/client";
import type { Names } from "../names";
import { useWords } from "../words";
import { CONFIRMED_FOR, MISSED_FOR, useMissed, useUnconfirmed } from "./data";
import { Inbox } from "./Inbox";
import { OffersUnderWay } from "./OffersUnderWay";
import { ToCall } from "./ToCall";
import { Waitlist } from "./Waitlist";

const LISTS = ["inbox", "waitlist", "unconfirmed", "missed", "offersUnderWay"] as const;

interface Props {
  practice: string;
  today: string;
  zone: string;
  names: Names;
  holds: HeldTime[];
  when: (instant: string) => string;
  onAppointment: (appointment: Appointment) => void;
  onPatient: (patient: Patient) => void;
}

export function Worklists(props: Props): ReactNode {
  const { t } = useWords();
  const [shown, show] = useState<string | null>("inbox");
  return (
    <Tabs value={shown} onChange={show} keepMounted={false} className="work">
      <Tabs.List mb="sm" aria-label={t("worklists")}>
        {LISTS.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {t(name)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="inbox">
        <Inbox practice={props.practice} when={props.when} onPatient={props.onPatient} />
      </Tabs.Panel>
      <Tabs.Panel value="waitlist">
        <Waitlist practice={props.practice} names={props.names} when={props.when} onPatient={props.onPatient} />
      </Tabs.Panel>
      <Tabs.Panel value="unconfirmed">
        <Unconfirmed {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="missed">
        <Missed {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="offersUnderWay">
        <OffersUnderWay holds={props.holds} names={props.names} when={props.when} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Unconfirmed(props: Props): ReactNode {
  const { t } = useWords();
  const query = useUnconfirmed(props.practice, props.today);
  return <ToCall {...props} query={query} name={t("unconfirmed")} hint={t("unconfirmedHint", { days: CONFIRMED_FOR })} />;
}

function Missed(props: Props): ReactNode {
  const { t } = useWords();
  const query = useMissed(props.practice, props.today);
  return <ToCall {...props} query={query} name={t("missed")} hint={t("missedHint", { days: MISSED_FOR })} />;
}
