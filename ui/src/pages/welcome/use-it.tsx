// A snippet that works as it stands, and the moment when the first request arrives.
import { Stack, Text } from "@mantine/core";
import { FirstRequest } from "@/snippets/first-request";
import type { MadeKey } from "@/snippets/new-key";
import { SnippetView } from "@/snippets/snippet-view";
import { useModelsOf } from "@/snippets/use-models";
import { welcome as words } from "@/texts/en/welcome";

interface Props {
  made: MadeKey | null;
  onArrived: () => void;
}

export function UseIt({ made, onArrived }: Props) {
  const models = useModelsOf(made?.key ?? "");
  if (made === null) {
    return (
      <Text size="sm" c="dimmed">
        {words.keyFirst}
      </Text>
    );
  }
  return (
    <Stack gap={16}>
      <SnippetView apiKey={made.key} models={models.data ?? []} />
      <FirstRequest keyId={made.id} onArrived={onArrived} />
    </Stack>
  );
}
