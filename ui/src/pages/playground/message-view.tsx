// One thing that was said: who, what, the thinking and the tool calls behind it, and what it took.
import { Box, Button, Code, Collapse, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBrain, IconTool } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { count, duration, money, rate } from "@/format/figures";
import { ProblemNote } from "@/parts/problem";
import { playground as words } from "@/texts/en/playground";
import type { ToolCall } from "./chat-stream";
import classes from "./playground.module.css";
import type { Took, Turn } from "./use-chat";

interface Props {
  turn: Turn;
  // Takes the result of a tool; only the last turn waits for one.
  onToolResult?: (call: ToolCall, result: string) => void;
}

export function MessageView({ turn, onToolResult }: Props) {
  const { message, took, error } = turn;
  return (
    <Paper className={classes.message} data-role={message.role} p={12} radius="md">
      <Text size="xs" fw={600} c="dimmed" mb={4}>
        {words.roles[message.role]}
      </Text>
      {message.thinking ? <Thinking text={message.thinking} /> : null}
      {message.content ? <div className={classes.text}>{message.content}</div> : null}
      {message.toolCalls?.map((call) => (
        <CallView key={call.id || call.name} call={call} onResult={onToolResult} />
      ))}
      {error === undefined ? null : <ProblemNote error={error} />}
      {took ? <TookLine took={took} /> : null}
    </Paper>
  );
}

function Thinking({ text }: { text: string }) {
  const [opened, view] = useDisclosure(false);
  return (
    <Box mb={8}>
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        leftSection={<IconBrain size={14} aria-hidden />}
        onClick={view.toggle}
        aria-expanded={opened}
      >
        {words.thinking}
      </Button>
      <Collapse expanded={opened}>
        <Text size="sm" c="dimmed" className={classes.text}>
          {text}
        </Text>
      </Collapse>
    </Box>
  );
}

function CallView({ call, onResult }: { call: ToolCall; onResult?: (call: ToolCall, result: string) => void }) {
  const [result, setResult] = useState("");
  return (
    <Stack gap={8} mt={8}>
      <Group gap={8}>
        <IconTool size={16} aria-hidden />
        <Text size="sm" fw={600}>
          {words.calls(call.name)}
        </Text>
      </Group>
      <Code block className={classes.text}>
        {call.arguments}
      </Code>
      {onResult ? (
        <Group align="flex-end" gap={8}>
          <Textarea
            flex={1}
            autosize
            label={words.toolResult(call.name)}
            value={result}
            onChange={(event) => setResult(event.currentTarget.value)}
          />
          <Button variant="default" disabled={result === ""} onClick={() => onResult(call, result)}>
            {words.sendResult}
          </Button>
        </Group>
      ) : null}
    </Stack>
  );
}

function TookLine({ took }: { took: Took }) {
  if (took.totalMs === null) return null;
  const generationMs = took.firstMs === null ? took.totalMs : took.totalMs - took.firstMs;
  const speed = took.output !== null && generationMs > 0 ? took.output / (generationMs / 1000) : null;
  const figures = [
    took.firstMs === null ? null : `${words.first} ${duration(took.firstMs)}`,
    `${words.total} ${duration(took.totalMs)}`,
    took.input === null ? null : `${count(took.input)} ${words.input}`,
    took.output === null ? null : `${count(took.output)} ${words.output}`,
    speed === null || took.firstMs === null ? null : rate(speed),
    took.provider === "" ? null : words.cost(money(took.costNano)),
  ];
  return (
    <Group gap={12} mt={8}>
      <Text size="xs" c="dimmed" className="figures">
        {figures.filter((figure) => figure !== null).join(" · ")}
      </Text>
      {took.requestId === "" ? null : (
        <Text size="xs" component={Link} {...{ to: "/requests" as never, search: { open: took.requestId } as never }}>
          {words.story}
        </Text>
      )}
    </Group>
  );
}
