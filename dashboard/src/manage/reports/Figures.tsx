/** Figures in a table: the first column says whose they are; what they come to together stands at once below the head. */

import { Table } from "@mantine/core";
import type { ReactNode } from "react";

import { useWords } from "../words";

interface Props {
  label: string;
  head: string[];
  /** How many columns at the start hold names; the others hold figures. */
  names?: number;
  rows: { key: string; cells: ReactNode[] }[];
  /** Of all rows, without the first column. */
  total?: ReactNode[];
}

export function Figures({ label, head, names = 1, rows, total }: Props): ReactNode {
  const { t } = useWords();
  const side = (column: number): "left" | "right" => (column < names ? "left" : "right");
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {head.map((name, column) => (
              <Table.Th key={name} ta={side(column)}>
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
          {total && rows.length > 1 ? (
            <Table.Tr className="total">
              {[t("total"), ...total].map((cell, column) => (
                <Table.Th key={column} scope={column === 0 ? "row" : undefined} ta={side(column)}>
                  {cell}
                </Table.Th>
              ))}
            </Table.Tr>
          ) : null}
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key}>
              {row.cells.map((cell, column) =>
                column === 0 ? (
                  <Table.Th key={column} scope="row">
                    {cell}
                  </Table.Th>
                ) : (
                  <Table.Td key={column} ta={side(column)}>
                    {cell}
                  </Table.Td>
                ),
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
