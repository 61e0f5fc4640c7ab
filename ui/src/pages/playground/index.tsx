// The playground: any model, asked as a client asks, two side by side where one wants to compare; every answer says what
// it took and what it cost.
import { Button, Collapse, Group, Paper, SimpleGrid, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustments, IconColumns2, IconEraser, IconPlayerStop, IconSend } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { ProblemNote } from "@/parts/problem";
import { playground as words } from "@/texts/en/playground";
import { useView } from "@/view";
import type { Message, ToolCall } from "./chat-stream";
import { takeHanded } from "./handoff";
import { useModels } from "./models";
import { Pane } from "./pane";
import { optionsOf, type Settings, USUAL } from "./settings";
import { type Chat, useChat } from "./use-chat";

const OptionsPanel = later(() => import("./options-panel").then((module) => module.OptionsPanel));

export function Page() {
  const [view, change] = useView({ model: "", with: "", compare: "" });
  const [settings, setSettings] = useState<Settings>(USUAL);
  const [said, setSaid] = useState("");
  const [optionsOpened, options] = useDisclosure(false);
  const models = useModels();
  const left = useChat();
  const right = useChat();
  const comparing = view.compare !== "";
  const model = view.model || models.data?.[0] || "";
  const other = view.with || models.data?.[1] || model;
  const chosen = optionsOf(settings);
  const busy = left.busy || right.busy;
  useHanded(left, change, setSettings);

  const tell = (chat: Chat, asked: string, messages: Message[]) => {
    if (chosen !== null && asked !== "") void chat.send(asked, messages, settings.system, chosen);
  };
  const send = () => {
    if (said.trim() === "" || chosen === null || busy) return;
    const messages: Message[] = [{ role: "user", content: said }];
    setSaid("");
    tell(left, model, messages);
    if (comparing) tell(right, other, messages);
  };
  const onResult = (chat: Chat, asked: string) => (call: ToolCall, result: string) =>
    tell(chat, asked, [{ role: "tool", content: result, toolCallId: call.id }]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <>
      <PageHead title={words.title} about={words.about}>
        <Button
          variant="default"
          leftSection={<IconColumns2 size={16} aria-hidden />}
          aria-pressed={comparing}
          onClick={() => change({ compare: comparing ? "" : "yes" })}
        >
          {words.compare}
        </Button>
        <Button
          variant="default"
          leftSection={<IconAdjustments size={16} aria-hidden />}
          aria-expanded={optionsOpened}
          onClick={options.toggle}
        >
          {words.options}
        </Button>
        <Button
          variant="default"
          leftSection={<IconEraser size={16} aria-hidden />}
          onClick={() => {
            left.clear();
            right.clear();
          }}
        >
          {words.clear}
        </Button>
      </PageHead>
      {models.error ? <ProblemNote error={models.error} onRetry={() => void models.refetch()} /> : null}
      <Collapse expanded={optionsOpened}>
        <Paper withBorder radius="md" p={16} mb={16}>
          {optionsOpened ? <OptionsPanel settings={settings} onChange={setSettings} /> : null}
        </Paper>
      </Collapse>
      <SimpleGrid cols={{ base: 1, md: comparing ? 2 : 1 }} spacing={16} mb={16}>
        <Pane
          name={comparing ? words.left : words.conversation}
          models={models.data ?? []}
          isKnown={!models.isPending}
          model={model}
          chat={left}
          onModel={(value) => change({ model: value })}
          onToolResult={onResult(left, model)}
        />
        {comparing ? (
          <Pane
            name={words.right}
            models={models.data ?? []}
            isKnown={!models.isPending}
            model={other}
            chat={right}
            onModel={(value) => change({ with: value })}
            onClose={() => change({ compare: "" })}
            onToolResult={onResult(right, other)}
          />
        ) : null}
      </SimpleGrid>
      <Group align="flex-end" gap={8} wrap="nowrap">
        <Textarea
          flex={1}
          label={words.yourMessage}
          placeholder={words.typeHere}
          autosize
          minRows={2}
          maxRows={10}
          value={said}
          onChange={(event) => setSaid(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        {busy ? (
          <Button
            color="gray"
            leftSection={<IconPlayerStop size={16} aria-hidden />}
            onClick={() => {
              left.stop();
              right.stop();
            }}
          >
            {words.stop}
          </Button>
        ) : (
          <Button
            leftSection={<IconSend size={16} aria-hidden />}
            disabled={said.trim() === "" || chosen === null || model === ""}
            onClick={send}
          >
            {words.send}
          </Button>
        )}
      </Group>
    </>
  );
}

// Takes over what another page has handed here, once.
function useHanded(
  chat: Chat,
  change: (changes: { model: string }) => void,
  setSettings: (to: Settings) => void,
): void {
  const taken = useRef(false);
  useEffect(() => {
    if (taken.current) return;
    taken.current = true;
    const handed = takeHanded();
    if (handed === null) return;
    const system = handed.messages.filter((message) => message.role === "system").map((message) => message.content);
    setSettings({ ...USUAL, system: system.join("\n\n") });
    chat.start(handed.messages.filter((message) => message.role !== "system"));
    change({ model: handed.model });
  });
}
