/** Where clinicians are, drawn to scale without anybody else's map. The list beside it says the same in words. */

import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useNumbers } from "../reports/numbers";
import { useWords } from "../words";
import { planOf, type Position } from "./positions";

export interface Placed {
  number: number;
  name: string;
  /** The newest last. */
  trail: Position[];
}

const WIDTH = 640;
const HEIGHT = 420;

export function Plan({ placed }: { placed: Placed[] }): ReactNode {
  const { t } = useWords();
  const { number } = useNumbers();
  const trails = placed.filter((each) => each.trail.length > 0);
  if (trails.length === 0) return <Text>{t("visitsNoPosition")}</Text>;
  const plan = planOf(trails.flatMap((each) => each.trail), WIDTH, HEIGHT);
  const lines = (length: number): number[] =>
    Array.from({ length: Math.ceil(length / plan.mileLength) }, (_, at) => at * plan.mileLength);
  const seen = trails.map((each) => `${each.number} ${each.name}`).join(", ");
  return (
    <svg className="plan" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("visitsPlan", { names: seen })}>
      {lines(WIDTH).map((x) => (
        <line key={`x${x}`} x1={x} x2={x} y1={0} y2={HEIGHT} className="plan-grid" />
      ))}
      {lines(HEIGHT).map((y) => (
        <line key={`y${y}`} x1={0} x2={WIDTH} y1={HEIGHT - y} y2={HEIGHT - y} className="plan-grid" />
      ))}
      {trails.map(({ number: place, name, trail }) => {
        const points = trail.map(plan.place);
        const last = points.at(-1) ?? { x: 0, y: 0 };
        return (
          <g key={place} data-clinician={name}>
            <polyline className="plan-trail" points={points.map(({ x, y }) => `${x},${y}`).join(" ")} />
            <circle className="plan-dot" cx={last.x} cy={last.y} r={13} />
            <text className="plan-number" x={last.x} y={last.y + 5} textAnchor="middle">
              {place}
            </text>
          </g>
        );
      })}
      <g className="plan-scale">
        <path d={`M12 ${HEIGHT - 18} v8 h${plan.mileLength} v-8`} />
        <text x={18} y={HEIGHT - 20}>
          {t("visitsMiles", { miles: number(plan.miles) })}
        </text>
        <path d={`M${WIDTH - 24} 40 v-24 m-6 8 l6 -8 l6 8`} />
        <text x={WIDTH - 24} y={56} textAnchor="middle">
          {t("visitsNorth")}
        </text>
      </g>
    </svg>
  );
}
