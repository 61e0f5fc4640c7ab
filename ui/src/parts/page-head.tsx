// How every page begins: its name, one sentence, and what can be done on it.
import { Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title: string;
  about: string;
  children?: ReactNode;
}

export function PageHead({ title, about, children }: Props) {
  return (
    <Group justify="space-between" align="flex-end" mb={24} gap={16}>
      <Stack gap={4} flex="1 1 280px">
        <Title order={1}>{title}</Title>
        <Text c="dimmed" size="sm">
          {about}
        </Text>
      </Stack>
      {children ? <Group gap={8}>{children}</Group> : null}
    </Group>
  );
}
