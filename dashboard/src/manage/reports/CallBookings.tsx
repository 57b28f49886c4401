/** How many calls were booked, and why the others were not. */

import { useState, type ReactNode } from "react";

import { useWords } from "../words";
import { Chart } from "./Chart";
import { Figures } from "./Figures";
import type { Days } from "./figures";
import { useNumbers } from "./numbers";
import { Choose, Report } from "./Report";
import { answeredBy, type Answered, type Reason } from "./sums";
import { callDaysFile, useCallDays } from "./time";

type By = "agent" | "day";

export function CallBookings({ days }: { days: Days }): ReactNode {
  const { t } = useWords();
  const { percent } = useNumbers();
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
        return (
          <>
            <Chart
              data={rows.map(({ name, calls, booked, notBooked }) => ({ name, calls, booked, notBooked }))}
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
                cells: [row.name, row.calls, row.booked, row.notBooked, percent(rateOf(row)), why(row)],
              }))}
            />
          </>
        );
      }}
    </Report>
  );
}

function rateOf({ booked, notBooked }: Answered): number | null {
  return booked + notBooked > 0 ? booked / (booked + notBooked) : null;
}
