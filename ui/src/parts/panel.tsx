// A box with a name: charts, tables and forms stand in these.
import { Box, Group, Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title?: string;
  hint?: string;
  actions?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, hint, actions, flush = false, children }: Props) {
  return (
    <Paper component="section" withBorder radius="md" {...(title ? { "aria-label": title } : {})}>
      {title || actions ? (
        <Group justify="space-between" px={16} pt={12} pb={flush ? 12 : 0} gap={8}>
          <div>
            <Title order={2} size="h3">
              {title}
            </Title>
            {hint ? (
              <Text size="xs" c="dimmed">
                {hint}
              </Text>
            ) : null}
          </div>
          {actions ? <Group gap={8}>{actions}</Group> : null}
        </Group>
      ) : null}
      <Box p={flush ? 0 : 16}>{children}</Box>
    </Paper>
  );
}
