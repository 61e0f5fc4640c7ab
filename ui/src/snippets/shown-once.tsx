// A secret or a link that the server tells once.
import { Alert, Group, Stack, TextInput } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { Copy } from "@/parts/copy";
import { snippets as words } from "@/texts/en/snippets";

export function ShownOnce({ text, label, hint = words.keyOnce }: { text: string; label: string; hint?: string }) {
  return (
    <Stack gap={8}>
      <Alert color="indigo" icon={<IconEye size={18} aria-hidden />} p={12}>
        {hint}
      </Alert>
      <Group gap={8} wrap="nowrap" align="flex-end">
        <TextInput
          flex={1}
          label={label}
          value={text}
          readOnly
          data-autofocus
          onFocus={(event) => event.currentTarget.select()}
          classNames={{ input: "mono" }}
        />
        <Copy text={text} labelled />
      </Group>
    </Stack>
  );
}
