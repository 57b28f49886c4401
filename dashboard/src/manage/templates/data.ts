/** What the practice says to patients: read, changed, tried out. */

import { keepPreviousData, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";
import type { Wording } from "./wording";

export type Template = Schemas["TemplateOutput"];
export type Preview = Schemas["TemplatePreviewOutput"];

export function useTemplates(): UseQueryResult<Template[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["message-templates", practice.id],
    queryFn: async () => (await told(() => api.GET("/api/v2/message-templates"))).data,
  });
}

/** How a wording reads, with a time next week; asked for anew as it changes, unless it could not be sent. */
export function usePreview(name: string, wording: Wording, sound: boolean): UseQueryResult<Preview> {
  const { practice } = useHere();
  const path = { template_name: name };
  return useQuery({
    enabled: sound,
    queryKey: ["message-preview", practice.id, name, wording],
    queryFn: () =>
      told(() => api.POST("/api/v2/message-templates/{template_name}/preview", { params: { path }, body: wording })),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function put(name: string, wording: Wording): Promise<Template> {
  const path = { template_name: name };
  return told(() => api.PUT("/api/v2/message-templates/{template_name}", { params: { path }, body: wording }));
}

export async function reset(name: string): Promise<void> {
  const path = { template_name: name };
  await told(() => api.DELETE("/api/v2/message-templates/{template_name}", { params: { path } }));
}

export function useRefreshTemplates(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ["message-templates", practice.id] });
}
