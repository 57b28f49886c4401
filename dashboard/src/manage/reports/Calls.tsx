/** How calls ended, each way by agent. */

import type { ReactNode } from "react";

import { useWords, type Translate } from "../words";
import { csv } from "./csv";
import { Figures } from "./Figures";
import { useCalls, type CallFigure } from "./figures";
import type { Days } from "./periods";
import { Report } from "./Report";

export function Calls({ days }: { days: Days }): ReactNode {
  const { t } = useWords();
  const calls = useCalls(days);
  const head = [t("by_agent"), t("callEnd"), t("callCount")];
  const figures = calls.data ?? [];
  return (
    <Report
      title={t("reportCallEnds")}
      query={calls}
      empty={t("noCalls")}
      file={() => Promise.resolve(csv([head, ...figures.map((figure) => told(figure, t))]))}
      fileName={`calls-${days.from}-${days.to}.csv`}
    >
      {(found) => (
        <Figures
          label={t("reportCallEnds")}
          head={head}
          names={2}
          rows={found.map((figure, place) => ({ key: String(place), cells: told(figure, t) }))}
        />
      )}
    </Report>
  );
}

function told({ agentName, outcome, reason, count }: CallFigure, t: Translate): (string | number)[] {
  const end = outcome ? t(`outcome_${outcome}`) : t("callOpen");
  return [agentName ?? t("program"), reason ? `${end}: ${t(`unbooked_${reason}`)}` : end, count];
}
