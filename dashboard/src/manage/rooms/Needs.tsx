/** What each type of appointment needs: a box for each category, kept as soon as it is ticked. */

import { Checkbox, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Failure } from "../../Failure";
import { Loaded } from "../Loaded";
import { useTypes, type AppointmentType } from "../types/data";
import { useWords } from "../words";
import { MOST_CATEGORIES, setNeeds, spoken, useRefresh } from "./data";

export function Needs({ categories }: { categories: string[] }): ReactNode {
  const { t } = useWords();
  const types = useTypes();
  const refresh = useRefresh();
  const setting = useMutation({
    mutationFn: ({ code, wanted }: { code: string; wanted: string[] }) => setNeeds(code, wanted),
    onSettled: refresh,
  });
  const shown = (type: AppointmentType): string[] =>
    setting.isPending && setting.variables.code === type.code ? setting.variables.wanted : type.categories;
  return (
    <>
      <Text size="sm" className="muted">
        {t("needsHint")}
      </Text>
      <Loaded query={types} empty={t("noTypes")}>
        {(found) => (
          <Table.ScrollContainer minWidth={480}>
            <Table aria-label={t("needs")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("visitType")}</Table.Th>
                  {categories.map((category) => (
                    <Table.Th key={category}>{spoken(category)}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found
                  .filter((type) => type.active)
                  .map((type) => (
                    <Table.Tr key={type.code}>
                      <Table.Th scope="row" fw={400}>
                        {type.name}
                      </Table.Th>
                      {categories.map((category) => {
                        const has = shown(type);
                        const ticked = has.includes(category);
                        return (
                          <Table.Td key={category}>
                            <Checkbox
                              aria-label={t("needsOne", { type: type.name, category: spoken(category) })}
                              checked={ticked}
                              disabled={!ticked && has.length >= MOST_CATEGORIES}
                              onChange={() =>
                                setting.mutate({
                                  code: type.code,
                                  wanted: ticked ? has.filter((each) => each !== category) : [...has, category],
                                })
                              }
                            />
                          </Table.Td>
                        );
                      })}
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
      <Text size="sm" role="status">
        {setting.isSuccess ? t("needsSaved") : ""}
      </Text>
      {setting.error ? <Failure error={setting.error} /> : null}
    </>
  );
}
