// What somebody should look at, by page: asked in one small question, by those who may read the answer.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { useMay } from "@/api/session";
import type { PageName } from "@/pages";
import { frame as words } from "@/texts/en/frame";

// What is away comes back without anybody having changed anything.
const AGAIN_MS = 60_000;

// Returns in words what is to be looked at on which page; a page with nothing to look at is left out.
export function useAttention(): Partial<Record<PageName, string>> {
  const may = useMay("providers.read");
  const { data } = useQuery({
    queryKey: ["providers", "attention"],
    queryFn: () => told(api.GET("/api/v1/attention")),
    enabled: may,
    refetchInterval: AGAIN_MS,
  });
  if (data === undefined) return {};
  return {
    ...(data.providers > 0 ? { providers: words.problems(data.providers) } : {}),
    ...(data.quota > 0 ? { quota: words.lowQuotas(data.quota) } : {}),
  };
}
