import type { RoomKey } from "../en";
import { access } from "./access";
import { automatic } from "./automatic";
import { blocks } from "./blocks";
import { bulk } from "./bulk";
import { clients } from "./clients";
import { deadletters } from "./deadletters";
import { feeds } from "./feeds";
import { hours } from "./hours";
import { imports } from "./imports";
import { notices } from "./notices";
import { people } from "./people";
import { places } from "./places";
import { protocols } from "./protocols";
import { reports } from "./reports";
import { room } from "./room";
import { rooms } from "./rooms";
import { subscription } from "./subscription";
import { templates } from "./templates";
import { types } from "./types";
import { visits } from "./visits";
import { webhooks } from "./webhooks";

export const es: Record<RoomKey, string> = {
  ...room,
  ...access,
  ...automatic,
  ...blocks,
  ...bulk,
  ...hours,
  ...imports,
  ...protocols,
  ...types,
  ...places,
  ...rooms,
  ...people,
  ...reports,
  ...templates,
  ...visits,
  ...subscription,
  ...clients,
  ...deadletters,
  ...feeds,
  ...notices,
  ...webhooks,
};
