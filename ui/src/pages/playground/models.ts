// The models that can be asked: what the playground's key may use, aliases among them.
import { useQuery } from "@tanstack/react-query";
import { useSession } from "@/api/session";
import { playgroundKey } from "./key";

interface Listed {
  data: { id: string }[];
}

export function useModels() {
  const session = useSession();
  return useQuery({
    queryKey: ["models", "playground"],
    staleTime: 60_000,
    queryFn: async () => {
      const headers = { authorization: `Bearer ${await playgroundKey(session)}` };
      const response = await fetch("/v1/models", { headers, credentials: "omit" });
      const listed = (await response.json()) as Listed;
      return listed.data.map((model) => model.id);
    },
  });
}
