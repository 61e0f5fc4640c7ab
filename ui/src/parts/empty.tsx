// What stands where there is nothing: what it is, and what to do.
import { Stack, Text, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  icon: Icon;
  title: string;
  hint?: string;
  // It is all that the page says, so its title is the page's.
  isPage?: boolean;
  children?: ReactNode;
}

export function Empty({ icon: Picture, title, hint, isPage = false, children }: Props) {
  return (
    <Stack align="center" gap={8} py={48} px={16} ta="center">
      <Picture size={32} stroke={1.4} aria-hidden />
      {isPage ? (
        <Title order={1} size="h3">
          {title}
        </Title>
      ) : (
        <Text fw={600}>{title}</Text>
      )}
      {hint ? (
        <Text size="sm" c="dimmed" maw={520}>
          {hint}
        </Text>
      ) : null}
      {children}
    </Stack>
  );
}
