/** What codes are called. */

import type { Workspace } from "./data";

/** Of a type that is out of use, its code. */
export function typeName(workspace: Workspace, code: string): string {
  return workspace.appointmentTypes.find((kind) => kind.code === code)?.name ?? code;
}
