/** How long before their appointments patients booked them. */

import { useState, type ReactNode } from "react";

import { useWords } from "../words";
import { Chart } from "./Chart";
import { Figures } from "./Figures";
import type { Days } from "./periods";
import { NONE, useNumbers } from "./numbers";
import { Choose, Report } from "./Report";
import { each } from "./sums";
import { leadsFile, useLeads, type Lead, type LeadBy } from "./time";

interface Row {
  key: string;
  name: string;
  appointments: number;
  median: number | null;
  p90: number | null;
}

export function LeadTimes({ days }: { days: Days }): ReactNode {
  const { t } = useWords();
  const { number, name: nameOf } = useNumbers();
  const [by, group] = useState<LeadBy>("type");
  const title = t("reportLead");
  const values = (["type", "day"] as const).map((value) => ({ value, label: t(`by_${value}`) }));
  const told = (value: number | null): string => (value === null ? NONE : number(value));
  return (
    <Report
      title={title}
      hint={t("reportLeadHint")}
      query={useLeads(days, by)}
      empty={t("nothingBegins")}
      file={() => leadsFile(days, by)}
      fileName={`lead-times-${days.from}-${days.to}.csv`}
      controls={<Choose label={t("reportBy")} value={by} values={values} onChange={group} />}
    >
      {(lines) => {
        const rows = rowsOf(lines, by, days);
        return (
          <>
            <Chart
              data={rows.map(({ name, median, p90 }) => ({ name: nameOf(name), median, p90 }))}
              series={[
                { name: "median", label: t("medianDays"), color: "indigo.6" },
                { name: "p90", label: t("p90Days"), color: "orange.6" },
              ]}
            />
            <Figures
              label={title}
              head={[t(`by_${by}`), t("reportAppointments"), t("medianDays"), t("p90Days")]}
              rows={rows.map((row) => ({
                key: row.key,
                cells: [nameOf(row.name), number(row.appointments), told(row.median), told(row.p90)],
              }))}
            />
          </>
        );
      }}
    </Report>
  );
}

/** A day on which nothing begins has its row, and no days to tell. */
function rowsOf(lines: Lead[], by: LeadBy, days: Days): Row[] {
  const rows = new Map<string, Row>();
  const none = (key: string, name: string): Row => ({ key, name, appointments: 0, median: null, p90: null });
  // While other lines are on their way, the former ones stand.
  const ofDays = lines.some((line) => line.name === "");
  if (by === "day" && ofDays) for (const day of each(days)) rows.set(day, none(day, day));
  for (const { group, name, appointments, medianDays, p90Days } of lines) {
    rows.set(group, { key: group, name: name || group, appointments, median: medianDays, p90: p90Days });
  }
  return [...rows.values()];
}
