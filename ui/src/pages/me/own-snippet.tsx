// How to use a key: the snippet says where it goes, because a key is shown once only, when it is made.
import { Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { SnippetView } from "@/snippets/snippet-view";
import { me as words } from "@/texts/en/me";
import type { Me } from "./me";

// As many as a list that is searched by typing can hold.
const MOST = 200;

export function OwnSnippet({ mine }: { mine: Me | undefined }) {
  const models = useQuery({
    queryKey: ["models", "own-names"],
    staleTime: 60_000,
    queryFn: async () => (await told(api.GET("/api/v1/models", { params: { query: { limit: MOST } } }))).data,
  });
  if (mine === undefined || models.isLoading) return <Skeleton h={240} />;
  return (
    <Stack gap={12}>
      <SnippetView
        models={(models.data ?? []).map((model) => `${model.provider}/${model.model}`)}
        {...(mine.is_public ? { base: mine.base_url } : {})}
      />
      <Text size="xs" c="dimmed">
        {words.whereKey}
      </Text>
    </Stack>
  );
}
