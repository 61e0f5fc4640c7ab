// The keys that a provider is asked with: typed in, never shown. Those that it has already are told by a hint.
import { ActionIcon, Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { providers as words } from "@/texts/en/providers";
import { type KeyRow, MAX_KEYS } from "./form-values";

interface Props {
  keys: readonly KeyRow[];
  required: boolean;
  onChange: (keys: KeyRow[]) => void;
}

export function KeyFields({ keys, required, onChange }: Props) {
  const type = (at: number, value: string) =>
    onChange(keys.map((row, number) => (number === at ? { ...row, value } : row)));
  const last = keys.length - 1;
  return (
    <Stack gap={8}>
      {keys.map((row, at) => (
        // Only the last row can go, so that the places of the others stay.
        // biome-ignore lint/suspicious/noArrayIndexKey: a key is told by its place.
        <Group key={at} gap={8} align="flex-end" wrap="nowrap">
          <PasswordInput
            flex={1}
            label={keys.length === 1 ? words.form.key : words.form.keyOf(at + 1)}
            required={required && at === 0 && row.hint === ""}
            autoComplete="off"
            placeholder={row.hint ? words.form.keyKept(row.hint) : ""}
            value={row.value}
            onChange={(event) => type(at, event.currentTarget.value)}
          />
          {at === last && at > 0 ? (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={words.form.removeKey(at + 1)}
              onClick={() => onChange(keys.slice(0, -1))}
            >
              <IconX size={16} />
            </ActionIcon>
          ) : null}
        </Group>
      ))}
      <Group justify="space-between" gap={8} align="flex-start" wrap="nowrap">
        <Text size="xs" c="dimmed">
          {words.form.keysHint}
        </Text>
        {keys.length < MAX_KEYS ? (
          <Button
            variant="subtle"
            size="compact-xs"
            flex="none"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange([...keys, { hint: "", value: "" }])}
          >
            {words.form.addKey}
          </Button>
        ) : null}
      </Group>
    </Stack>
  );
}
