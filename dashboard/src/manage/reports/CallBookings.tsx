/** How many calls were booked, and why the others were not. */

import { useState, type ReactNode } from "react";

import { useWords } from "../words";
import { Chart } from "./Chart";
import { Figures } from "./Figures";
import type { Days } from "./periods";
import { useNumbers } from "./numbers";
import { Choose, Report } from "./Report";
import { answeredBy, type Answered, type Reason } from "./sums";
import { callDaysFile, useCallDays } from "./time";

type By = "agent" | "day";

export function CallBookings({ days }: { days: Days }): ReactNode {
  const { t } = useWords();
  const { percent, number, name: nameOf } = useNumbers();
  const [by, group] = useState<By>("agent");
  const title = t("reportCallBookings");
  const values = (["agent", "day"] as const).map((value) => ({ value, label: t(`by_${value}`) }));
  const why = ({ reasons }: Answered): string =>
    (Object.entries(reasons) as [Reason, number][])
      .toSorted(([, one], [, other]) => other - one)
      .map(([reason, count]) => `${t(`unbooked_${reason}`)} ${count}`)
      .join(", ");
  return (
    <Report
      title={title}
      hint={t("reportCallBookingsHint")}
      query={useCallDays(days)}
      empty={t("noCalls")}
      file={() => callDaysFile(days)}
      fileName={`call-bookings-${days.from}-${days.to}.csv`}
      controls={<Choose label={t("reportBy")} value={by} values={values} onChange={group} />}
    >
      {(lines) => {
        const rows = answeredBy(lines, by, days, t("program"));
        const sum = (of: "calls" | "booked" | "notBooked"): number => rows.reduce((all, row) => all + row[of], 0);
        const all = { booked: sum("booked"), notBooked: sum("notBooked") };
        return (
          <>
            <Chart
              data={rows.map(({ name, calls, booked, notBooked }) => ({ name: nameOf(name), calls, booked, notBooked }))}
              series={[
                { name: "calls", label: t("callCount"), color: "gray.6" },
                { name: "booked", label: t("calls_won"), color: "teal.6" },
                { name: "notBooked", label: t("calls_lost"), color: "red.6" },
              ]}
            />
            <Figures
              label={title}
              head={[t(`by_${by}`), t("callCount"), t("calls_won"), t("calls_lost"), t("callRate"), t("whyNotBooked")]}
              rows={rows.map((row) => ({
                key: row.key,
                cells: [nameOf(row.name), number(row.calls), number(row.booked), number(row.notBooked), percent(rateOf(row)), why(row)],
              }))}
              total={[number(sum("calls")), number(all.booked), number(all.notBooked), percent(rateOf(all)), ""]}
            />
          </>
        );
      }}
    </Report>
  );
}

function rateOf({ booked, notBooked }: Pick<Answered, "booked" | "notBooked">): number | null {
  return booked + notBooked > 0 ? booked / (booked + notBooked) : null;
}
