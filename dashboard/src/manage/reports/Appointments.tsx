/** What became of appointments, by the day on which it happened or by whom and what. */

import { Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { useWords } from "../words";
import { Chart } from "./Chart";
import { Figures } from "./Figures";
import { BYS, COUNTED, dailyFile, happened, summed, useDaily, type By, type Counted, type Row } from "./figures";
import { useNumbers } from "./numbers";
import type { Days } from "./periods";
import { Choose, Report } from "./Report";

const COLORS: Record<Counted, string> = {
  booked: "indigo.6",
  moved: "cyan.6",
  cancelled: "orange.6",
  noShow: "red.6",
  fulfilled: "teal.6",
};

export function Appointments({ days }: { days: Days }): ReactNode {
  const { t } = useWords();
  const [by, group] = useState<By>("day");
  const figures = useDaily(days, by);
  return (
    <Report
      title={t("reportAppointments")}
      query={figures}
      empty={t("noFigures")}
      file={() => dailyFile(days, by)}
      fileName={`appointments-${days.from}-${days.to}.csv`}
      controls={
        <Choose
          label={t("reportBy")}
          value={by}
          values={BYS.map((value) => ({ value, label: t(`by_${value}`) }))}
          onChange={group}
        />
      }
    >
      {(lines) => {
        const rows = summed(lines, by);
        return rows.some(happened) ? <Drawn rows={rows} by={by} /> : <Text>{t("noFigures")}</Text>;
      }}
    </Report>
  );
}

function Drawn({ rows, by }: { rows: Row[]; by: By }): ReactNode {
  const { t } = useWords();
  const { name: nameOf, number } = useNumbers();
  const total = (counter: Counted): string => number(rows.reduce((sum, row) => sum + row[counter], 0));
  const series = COUNTED.map((name) => ({ name, label: t(`count_${name}`), color: COLORS[name] }));
  return (
    <>
      <Chart data={rows.map((row) => ({ ...row, name: nameOf(row.name) }))} series={series} />
      <Figures
        label={t("reportAppointments")}
        head={[t(`by_${by}`), ...series.map(({ label }) => label)]}
        rows={rows.map((row) => ({ key: row.key, cells: [nameOf(row.name), ...COUNTED.map((counter) => number(row[counter]))] }))}
        total={COUNTED.map(total)}
      />
    </>
  );
}
