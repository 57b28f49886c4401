/** How much of the time that could be booked was booked. */

import { useState, type ReactNode } from "react";

import { useWords } from "../words";
import { Chart } from "./Chart";
import { Figures } from "./Figures";
import type { Days } from "./periods";
import { outOfHundred, useNumbers } from "./numbers";
import { Choose, Report } from "./Report";
import { filledBy } from "./sums";
import { fillFile, useFill } from "./time";

type By = "day" | "practitioner";

export function FillRate({ days }: { days: Days }): ReactNode {
  const { t } = useWords();
  const { percent, hours, name: nameOf } = useNumbers();
  const [by, group] = useState<By>("day");
  const title = t("reportFill");
  const values = (["day", "practitioner"] as const).map((value) => ({ value, label: t(`by_${value}`) }));
  return (
    <Report
      title={title}
      hint={t("reportFillHint")}
      query={useFill(days)}
      empty={t("nothingBookable")}
      file={() => fillFile(days)}
      fileName={`fill-rate-${days.from}-${days.to}.csv`}
      controls={<Choose label={t("reportBy")} value={by} values={values} onChange={group} />}
    >
      {(lines) => {
        const rows = filledBy(lines, by, days);
        const bookable = rows.reduce((sum, row) => sum + row.bookable, 0);
        const booked = rows.reduce((sum, row) => sum + row.booked, 0);
        return (
          <>
            <Chart
              percent
              data={rows.map(({ name, rate }) => ({ name: nameOf(name), rate: outOfHundred(rate) }))}
              series={[{ name: "rate", label: title, color: "indigo.6" }]}
            />
            <Figures
              label={title}
              head={[t(`by_${by}`), t("bookableHours"), t("bookedHours"), title]}
              rows={rows.map((row, at) => ({
                key: `${at} ${row.name}`,
                cells: [nameOf(row.name), hours(row.bookable), hours(row.booked), percent(row.rate)],
              }))}
              total={[hours(bookable), hours(booked), percent(bookable > 0 ? booked / bookable : null)]}
            />
          </>
        );
      }}
    </Report>
  );
}
