/** The week of each practitioner at each place; a period is a button that changes it, and each day has one to add. */

import { ActionIcon, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { date, plusDays } from "../../lib/time";
import { useWords } from "../words";
import { range, shortDate, unbroken } from "./clocks";
import { WEEKDAYS, type Hours, type Weekday, type Workspace } from "./data";
import type { Draft } from "./HoursDialog";

interface Props {
  hours: Hours[];
  workspace: Workspace;
  onEdit: (draft: Draft) => void;
}

interface Row {
  practitionerId: string;
  locationId: string;
  name: string;
  place: string;
}

export function Week({ hours, workspace, onEdit }: Props): ReactNode {
  const { t } = useWords();
  const today = date(new Date(), workspace.practice.timeZone);
  const standing = hours.filter((each) => each.validUntil === null || each.validUntil > today);
  return (
    <Table.ScrollContainer minWidth={900}>
      <Table aria-label={t("weekHours")} verticalSpacing={6} layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={170}>{t("practitioner")}</Table.Th>
            {WEEKDAYS.map((weekday) => (
              <Table.Th key={weekday}>{t(`weekday_${weekday}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rowsOf(standing, workspace).map((row) => (
            <Table.Tr key={`${row.practitionerId} ${row.locationId}`}>
              <Table.Th scope="row" fw={600} style={{ verticalAlign: "top" }}>
                {row.name}
                <Text size="xs" className="muted">
                  {row.place}
                </Text>
              </Table.Th>
              {WEEKDAYS.map((weekday) => (
                <Table.Td key={weekday} style={{ verticalAlign: "top" }}>
                  <Day row={row} weekday={weekday} hours={standing} today={today} onEdit={onEdit} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface DayProps {
  row: Row;
  weekday: Weekday;
  hours: Hours[];
  today: string;
  onEdit: (draft: Draft) => void;
}

function Day({ row, weekday, hours, today, onEdit }: DayProps): ReactNode {
  const { t, language } = useWords();
  const { practitionerId, locationId } = row;
  const about = `${row.name}, ${row.place}, ${t(`weekday_${weekday}`)}`;
  const limits = ({ validFrom, validUntil }: Hours): string[] => [
    ...(validFrom > today ? [t("fromDate", { date: shortDate(validFrom, language) })] : []),
    ...(validUntil ? [t("throughDate", { date: shortDate(plusDays(validUntil, -1), language) })] : []),
  ];
  const here = hours
    .filter((each) => each.weekday === weekday && each.practitionerId === practitionerId && each.locationId === locationId)
    .sort((one, other) => one.starts.localeCompare(other.starts));
  return (
    <Stack gap={4} align="stretch">
      {here.map((each) => (
        <button
          key={each.id}
          type="button"
          className="period"
          aria-label={[range(each.starts, each.ends, language), ...limits(each), about].join(", ")}
          onClick={() => onEdit({ standing: each })}
        >
          {unbroken(range(each.starts, each.ends, language))}
          {limits(each).map((limit) => (
            <small key={limit}>{limit}</small>
          ))}
        </button>
      ))}
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={t("addHoursTo", { about })}
        onClick={() => onEdit({ practitionerId, locationId, weekday })}
      >
        +
      </ActionIcon>
    </Stack>
  );
}

/** Who works where; whoever works nowhere yet is there as well, at the first place. */
function rowsOf(hours: Hours[], workspace: Workspace): Row[] {
  return workspace.practitioners.flatMap((person) => {
    const places = workspace.locations.filter((place) =>
      hours.some((each) => each.practitionerId === person.id && each.locationId === place.id),
    );
    const shown = places.length > 0 ? places : workspace.locations.slice(0, 1);
    return shown.map((place) => ({ practitionerId: person.id, locationId: place.id, name: person.name, place: place.name }));
  });
}
