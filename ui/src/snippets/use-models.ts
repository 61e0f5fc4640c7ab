// The models that a key may use, as the server tells the key itself.
import { useQuery } from "@tanstack/react-query";

const FRESH_MS = 60_000;

export function useModelsOf(key: string) {
  return useQuery({
    queryKey: ["models", "of-key", key],
    enabled: key !== "",
    staleTime: FRESH_MS,
    queryFn: async ({ signal }) => {
      // The key speaks here, not the session: no cookie goes along.
      const response = await fetch("/v1/models", {
        credentials: "omit",
        headers: { authorization: `Bearer ${key}` },
        signal,
      });
      if (!response.ok) return [];
      return ((await response.json()) as { data: { id: string }[] }).data.map((model) => model.id);
    },
  });
}
