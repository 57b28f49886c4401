/** How many notices wait, on every screen of the room. */

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useWords } from "../words";
import { useNotices } from "./data";

export function Badge(): ReactNode {
  const { t } = useWords();
  const count = useNotices().data?.length ?? 0;
  if (count === 0) return null;
  return (
    <Button size="compact-sm" color="red" variant="outline" data-notices={count} renderRoot={(props) => <Link to="/manage/notices" {...props} />}>
      {t("noticesOpen", { count })}
    </Button>
  );
}
