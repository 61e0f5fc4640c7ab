// One step: its number, or a tick when it is done, what it is for, and what there is to do.
import { Box, Group, Paper, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { welcome as words } from "@/texts/en/welcome";

interface Props {
  number: number;
  title: string;
  hint: string;
  done: boolean;
  children: ReactNode;
}

export function Step({ number, title, hint, done, children }: Props) {
  return (
    <Paper component="section" withBorder radius="md" p={16} aria-label={title}>
      <Group gap={12} wrap="nowrap" align="flex-start" mb={12}>
        <ThemeIcon
          radius="xl"
          size={32}
          variant={done ? "filled" : "light"}
          aria-label={done ? words.done : words.step(number)}
        >
          {done ? <IconCheck size={18} aria-hidden /> : <Text fw={600}>{number}</Text>}
        </ThemeIcon>
        <div>
          <Title order={2} size="h3">
            {title}
          </Title>
          <Text size="sm" c="dimmed">
            {hint}
          </Text>
        </div>
      </Group>
      <Box pl={{ base: 0, sm: 44 }}>{children}</Box>
    </Paper>
  );
}
