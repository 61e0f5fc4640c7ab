// One conversation, as a chat: what each said, with the system prompt, thoughts and tools folded until they are wanted.
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconBulb, IconEyeCog, IconMessageCog, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "@/api/session";
import { count } from "@/format/figures";
import { Confirm } from "@/parts/confirm";
import { Money, Time } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { SidePanel } from "@/table/side-panel";
import { conversations } from "@/texts/en/conversations";
import { useView } from "@/view";
import { ExchangeView } from "./exchange";
import { type Conversation, useConversation, useRemove } from "./use-conversation";

const words = conversations.panel;
const PANEL_PX = 820;
const NANO = 1e9;

export function ConversationPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const [view, change] = useView({ system: "", thinking: "", internal: "" });
  const found = useConversation(id, view.internal !== "");
  const { conversation, exchanges } = found;
  const flip = (name: "system" | "thinking" | "internal") => change({ [name]: view[name] ? "" : "shown" }, true);

  return (
    <SidePanel
      title={<Foreign text={conversation?.title || conversations.untitled} />}
      about={conversation ? <About conversation={conversation} /> : null}
      actions={
        <>
          <Toggle on={view.system !== ""} icon={IconMessageCog} label={words.system} onFlip={() => flip("system")} />
          <Toggle on={view.thinking !== ""} icon={IconBulb} label={words.thinking} onFlip={() => flip("thinking")} />
          <Toggle
            on={view.internal !== ""}
            icon={IconEyeCog}
            label={words.showInternal}
            onFlip={() => flip("internal")}
          />
          {conversation ? <Remove conversation={conversation} onRemoved={onClose} /> : null}
        </>
      }
      width={PANEL_PX}
      onClose={onClose}
      isLoading={found.isLoading}
      error={found.error}
      onRetry={found.refetch}
    >
      <Stack gap={24}>
        {exchanges.map((exchange) => (
          <ExchangeView
            key={exchange.number}
            conversationId={id}
            exchange={exchange}
            shown={{ system: view.system !== "", thinking: view.thinking !== "" }}
          />
        ))}
        {found.hasLater ? (
          <Button variant="default" loading={found.isLoadingLater} onClick={found.loadLater}>
            {words.later}
          </Button>
        ) : null}
      </Stack>
    </SidePanel>
  );
}

function About({ conversation: one }: { conversation: Conversation }) {
  const who = [one.key, one.user, one.team, one.model].filter(Boolean).join(" · ");
  return (
    <Stack gap={4} flex={1}>
      <Group gap={12} fz="sm" c="dimmed" className="figures">
        <Foreign text={who} />
        <Time at={one.last_at} />
      </Group>
      <Group gap={12} fz="sm" className="figures">
        <Text inherit>{words.requests(one.requests)}</Text>
        {one.internal_requests > 0 ? (
          <Text inherit c="dimmed">
            {words.internal(one.internal_requests)}
          </Text>
        ) : null}
        <Text inherit>{words.tokens(count(one.total_tokens))}</Text>
        <Money nano={one.cost_usd === null ? null : Number(one.cost_usd) * NANO} />
      </Group>
    </Stack>
  );
}

interface ToggleProps {
  on: boolean;
  icon: typeof IconBulb;
  label: string;
  onFlip: () => void;
}

function Toggle({ on, icon: Picture, label, onFlip }: ToggleProps) {
  return (
    <Button
      variant={on ? "light" : "default"}
      size="xs"
      aria-pressed={on}
      leftSection={<Picture size={14} aria-hidden />}
      onClick={onFlip}
    >
      {label}
    </Button>
  );
}

function Remove({ conversation, onRemoved }: { conversation: Conversation; onRemoved: () => void }) {
  const [opened, setOpened] = useState(false);
  const remove = useRemove(onRemoved);
  if (!useMay("conversations.delete")) return null;
  return (
    <>
      <Button
        variant="default"
        size="xs"
        ml="auto"
        leftSection={<IconTrash size={14} aria-hidden />}
        onClick={() => setOpened(true)}
      >
        {conversations.remove}
      </Button>
      <Confirm
        opened={opened}
        title={conversations.removeTitle}
        consequence={conversations.removeConsequence(conversation.requests + conversation.internal_requests)}
        verb={conversations.remove}
        onClose={() => setOpened(false)}
        onConfirm={() => remove.mutateAsync(conversation.id)}
      />
    </>
  );
}
