/** Bars side by side: a no-show is no part of a booking. The table beside it says the same: who listens hears that. */

import "@mantine/charts/styles.css";

import { BarChart } from "@mantine/charts";
import type { ReactNode } from "react";

interface Props {
  /** Null: there is nothing that a bar could tell. */
  data: Record<string, string | number | null>[];
  series: { name: string; label: string; color: string }[];
  /** Shares of a hundred. */
  percent?: true;
}

export function Chart({ data, series, percent }: Props): ReactNode {
  return (
    <div aria-hidden="true">
      <BarChart
        h={240}
        data={data}
        dataKey="name"
        type="default"
        series={series}
        unit={percent ? "%" : undefined}
        yAxisProps={{ allowDecimals: false, domain: percent ? [0, 100] : undefined }}
        withLegend={series.length > 1}
        barProps={{ isAnimationActive: false, maxBarSize: 60 }}
        barChartProps={{ accessibilityLayer: false, barGap: 1, barCategoryGap: "12%" }}
        // In the order of the table's columns.
        legendProps={{ itemSorter: null }}
      />
    </div>
  );
}
