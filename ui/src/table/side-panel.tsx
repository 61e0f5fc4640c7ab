// Details beside the table they belong to. What is open is in the address, so that it can be linked to; Escape closes
// it, and the focus returns to the row.
import { Box, Drawer, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useEffectEvent } from "react";
import { ProblemNote } from "@/parts/problem";
import { table as words } from "@/texts/en/table";
import classes from "./table.module.css";

interface Props {
  title: ReactNode;
  // A line under the title: state, kind, origin.
  about?: ReactNode;
  onClose: () => void;
  actions?: ReactNode;
  isLoading?: boolean;
  error?: unknown;
  onRetry?: () => void;
  width?: number;
  children: ReactNode;
}

const WIDTH_PX = 560;

export function SidePanel({ title, about, onClose, actions, children, width = WIDTH_PX, ...rest }: Props) {
  const failed = rest.error !== null && rest.error !== undefined;
  useEscape(onClose);
  return (
    <Drawer
      opened
      onClose={onClose}
      closeOnEscape={false}
      size={width}
      padding={20}
      overlayProps={{ backgroundOpacity: 0.25 }}
      title={
        <Text fw={600} size="lg" component="span" className={classes.panelTitle}>
          {title}
        </Text>
      }
      closeButtonProps={{ "aria-label": words.closePanel }}
    >
      <Stack gap={20}>
        {about ? <Group gap={8}>{about}</Group> : null}
        {actions ? <Group gap={8}>{actions}</Group> : null}
        {failed ? <ProblemNote error={rest.error} {...(rest.onRetry ? { onRetry: rest.onRetry } : {})} /> : null}
        {rest.isLoading ? <Skeleton h={240} /> : children}
      </Stack>
    </Drawer>
  );
}

// Escape closes what lies on top, one at a time: a dialog or a list above the panel first, then the panel.
function useEscape(onClose: () => void): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    const isForAList = target?.getAttribute("data-mantine-stop-propagation") === "true";
    if (isForAList || document.querySelectorAll('[role="dialog"]').length > 1) return;
    onClose();
  });
  // Asked before the dialogs above, which are gone once they have heard of it.
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, []);
}

export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <Box component="section" aria-label={title}>
      <Group justify="space-between" mb={8} gap={8}>
        <Title order={3} size="h3">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </Box>
  );
}

// Names and values, one under the other. A value that is undefined leaves its row out.
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode | undefined])[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <Box key={name} display="contents">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Box>
        ),
      )}
    </dl>
  );
}
