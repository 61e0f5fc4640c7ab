// One model and the conversation with it.
import { ActionIcon, Group, Paper, ScrollArea, Select, Stack, Text, Tooltip } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { playground as words } from "@/texts/en/playground";
import type { ToolCall } from "./chat-stream";
import { MessageView } from "./message-view";
import classes from "./playground.module.css";
import type { Chat } from "./use-chat";

interface Props {
  name: string;
  models: readonly string[];
  // Whether they are there: the first of them is chosen then, which would overwrite what somebody has begun to type.
  isKnown: boolean;
  model: string;
  chat: Chat;
  onModel: (model: string) => void;
  onClose?: () => void;
  onToolResult: (call: ToolCall, result: string) => void;
}

// The list of models is searched by the field itself; so many are drawn.
const SHOWN = 60;

export function Pane({ name, models, isKnown, model, chat, onModel, onClose, onToolResult }: Props) {
  const viewport = useRef<HTMLDivElement>(null);
  const length = chat.turns.length;
  const size = chat.turns.at(-1)?.message.content.length ?? 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: both grow with what is said, and the newest stays in sight.
  useEffect(() => {
    if (viewport.current !== null) viewport.current.scrollTop = viewport.current.scrollHeight;
  }, [length, size]);

  return (
    <Paper component="section" withBorder radius="md" aria-label={name} className={classes.pane}>
      <Group p={12} gap={8} wrap="nowrap" className={classes.paneHead}>
        <Select
          flex={1}
          searchable
          disabled={!isKnown}
          limit={SHOWN}
          aria-label={words.model(name)}
          placeholder={words.chooseModel}
          nothingFoundMessage={words.noModel}
          data={model !== "" && !models.includes(model) ? [model, ...models] : [...models]}
          value={model === "" ? null : model}
          onChange={(value) => onModel(value ?? "")}
        />
        {onClose ? (
          <Tooltip label={words.closePane}>
            <ActionIcon variant="subtle" color="gray" onClick={onClose} aria-label={words.closePane}>
              <IconX size={18} />
            </ActionIcon>
          </Tooltip>
        ) : null}
      </Group>
      <ScrollArea
        viewportRef={viewport}
        className={classes.turns}
        type="auto"
        viewportProps={{ tabIndex: 0, "aria-label": name, role: "log" }}
      >
        <Stack gap={12} p={12}>
          {length === 0 ? (
            <Text size="sm" c="dimmed" ta="center" py={48}>
              {words.nothingYet}
            </Text>
          ) : null}
          {chat.turns.map((turn, place) => (
            <MessageView
              // biome-ignore lint/suspicious/noArrayIndexKey: what was said stays in its place.
              key={place}
              turn={turn}
              onToolResult={place === length - 1 && !chat.busy ? onToolResult : undefined}
            />
          ))}
        </Stack>
      </ScrollArea>
    </Paper>
  );
}
