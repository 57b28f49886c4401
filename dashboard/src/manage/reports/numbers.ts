/** Numbers as the reader's language writes them. */

import { shortDayOf } from "../../lib/time";
import { useWords } from "../words";

export interface Numbers {
  /** Of a share from 0 to 1. */
  percent: (share: number | null) => string;
  hours: (minutes: number) => string;
  number: (value: number) => string;
  /** A row's name: a calendar day in words, all else as it is. */
  name: (row: string) => string;
}

export const NONE = "—";
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function useNumbers(): Numbers {
  const { language } = useWords();
  const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  return {
    percent: (value) => (value === null ? NONE : share.format(value)),
    hours: (minutes) => plain.format(minutes / 60),
    number: (value) => plain.format(value),
    name: (row) => (DAY.test(row) ? shortDayOf(row, language) : row),
  };
}

/** For a chart's axis of a hundred. */
export function outOfHundred(share: number | null): number | null {
  return share === null ? null : Math.round(share * 1000) / 10;
}
