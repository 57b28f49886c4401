/** What the practice's managers ask of some days: of appointments, of time, of waiting, of calls. */

import { Group, NativeSelect, Stack, Tabs, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { useHere } from "../../here";
import { date, plusDays } from "../../lib/time";
import { Page } from "../Page";
import { useWords } from "../words";
import { Appointments } from "./Appointments";
import { CallBookings } from "./CallBookings";
import { Calls } from "./Calls";
import { FillRate } from "./FillRate";
import { LeadTimes } from "./LeadTimes";
import { PERIODS, periodOf, type Days, type Period } from "./periods";
import { ThirdNext } from "./ThirdNext";

const AT_MOST = 365;
const TABS = ["tabAppointments", "tabTime", "tabWaiting", "tabCalls"] as const;

export function Reports(): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const today = date(new Date(), practice.timeZone);
  const [days, choose] = useState<Days>(() => PERIODS.last30(today));
  const valid = days.from !== "" && days.to !== "" && days.from <= days.to && plusDays(days.from, AT_MOST) >= days.to;
  const field = (name: keyof Days, label: string): ReactNode => (
    <TextInput
      type="date"
      label={label}
      value={days[name]}
      error={!valid && name === "to" ? t("daysRefused") : undefined}
      onChange={(event) => choose({ ...days, [name]: event.currentTarget.value })}
    />
  );
  return (
    <Page title={t("reports")} hint={t("reportsHint")}>
      <Group align="start">
        <NativeSelect
          label={t("period")}
          value={periodOf(days, today)}
          data={[
            ...(Object.keys(PERIODS) as Period[]).map((value) => ({ value, label: t(`period_${value}`) })),
            { value: "", label: t("period_own"), disabled: true },
          ]}
          onChange={(event) => choose(PERIODS[event.currentTarget.value as Period](today))}
        />
        {field("from", t("fromDay"))}
        {field("to", t("toDay"))}
      </Group>
      {valid ? (
        <Tabs defaultValue="tabAppointments" keepMounted={false}>
          <Tabs.List aria-label={t("reports")} mb="md">
            {TABS.map((tab) => (
              <Tabs.Tab key={tab} value={tab}>
                {t(tab)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="tabAppointments">
            <Appointments days={days} />
          </Tabs.Panel>
          <Tabs.Panel value="tabTime">
            <FillRate days={days} />
          </Tabs.Panel>
          <Tabs.Panel value="tabWaiting">
            <Stack gap="xl">
              <ThirdNext />
              <LeadTimes days={days} />
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="tabCalls">
            <Stack gap="xl">
              <CallBookings days={days} />
              <Calls days={days} />
            </Stack>
          </Tabs.Panel>
        </Tabs>
      ) : null}
    </Page>
  );
}
