/** How far away care is now: days until the third appointment that is free. */

import { useState, type ReactNode } from "react";

import { useMoment } from "../moment";
import { useWords } from "../words";
import { Chart } from "./Chart";
import { Figures } from "./Figures";
import { NONE, useNumbers } from "./numbers";
import { Choose, Report } from "./Report";
import { thirdsFile, useThirds, type Third } from "./time";

export function ThirdNext(): ReactNode {
  const { t } = useWords();
  const [wanted, want] = useState("");
  const thirds = useThirds();
  const types = [...new Map((thirds.data ?? []).map((line) => [line.type, line.typeName]))];
  const type = types.some(([code]) => code === wanted) ? wanted : (types[0]?.[0] ?? "");
  const values = types.map(([value, label]) => ({ value, label }));
  return (
    <Report
      title={t("reportThird")}
      hint={t("reportThirdHint")}
      query={thirds}
      empty={t("nothingOffered")}
      file={thirdsFile}
      fileName="third-next-available.csv"
      controls={values.length > 0 ? <Choose label={t("by_type")} value={type} values={values} onChange={want} /> : null}
    >
      {(lines) => <OfType lines={lines.filter((line) => line.type === type)} />}
    </Report>
  );
}

function OfType({ lines }: { lines: Third[] }): ReactNode {
  const { t } = useWords();
  const { number } = useNumbers();
  const when = useMoment();
  const title = t("reportThird");
  return (
    <>
      <Chart
        data={lines.map(({ practitioner, days }) => ({ name: practitioner, days }))}
        series={[{ name: "days", label: t("daysAway"), color: "indigo.6" }]}
      />
      <Figures
        label={title}
        head={[t("by_practitioner"), t("daysAway"), t("thirdAt")]}
        rows={lines.map((line) => ({
          key: line.practitionerId,
          cells: [
            line.practitioner,
            line.days === null ? NONE : number(line.days),
            line.thirdNextAt ? when(line.thirdNextAt) : t("fewerThanThree"),
          ],
        }))}
      />
    </>
  );
}
