// One request in the side panel: what became of it, what can be done with it, and its story.
import { Button, Text } from "@mantine/core";
import { IconMessages, IconPlayerPlay, IconRouteSquare } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { useMay } from "@/api/session";
import { duration } from "@/format/figures";
import { Money, Time } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { tellOf } from "@/parts/problem";
import { StateBadge } from "@/parts/state-badge";
import { SidePanel } from "@/table/side-panel";
import { requests } from "@/texts/en/requests";
import { story as words } from "@/texts/en/story";
import { Explain } from "./explain";
import { type Row, type Story, stateOf } from "./row";
import { handOverAgain } from "./send-again";
import { StoryView } from "./story";
import { answerOf, lengthOf, useStory } from "./use-story";

const PANEL_PX = 680;
const US_PER_MS = 1000;

export function StoryPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: story, error, isPending, refetch } = useStory(id);
  const [explaining, setExplaining] = useState(false);
  const answer = story && answerOf(story.attempts);
  const isUnknown = error instanceof ApiError && error.status === 404;
  return (
    <SidePanel
      title={<Foreign text={story?.requested_model || id} />}
      about={story && answer ? <About story={story} answer={answer} /> : null}
      actions={story && answer ? <Actions story={story} answer={answer} onExplain={() => setExplaining(true)} /> : null}
      width={PANEL_PX}
      onClose={onClose}
      isLoading={isPending}
      error={isUnknown ? null : error}
      onRetry={() => void refetch()}
    >
      {isUnknown ? <Text size="sm">{words.gone}</Text> : null}
      {explaining && answer ? <Explain row={answer} onClose={() => setExplaining(false)} /> : null}
      {story && answer ? <StoryView story={story} answer={answer} /> : null}
    </SidePanel>
  );
}

function About({ story, answer }: { story: Story; answer: Row }) {
  const costs = story.attempts.map((one) => one.cost_nano_usd).filter((cost) => cost !== null);
  const cost = costs.length > 0 ? costs.reduce((sum, one) => sum + one, 0) : null;
  return (
    <>
      <StateBadge state={stateOf(answer)} word={`${answer.status || ""} ${requests.ends[answer.end_reason]}`.trim()} />
      <Text size="sm" c="dimmed" component="div">
        <Foreign text={answer.key_name} />
      </Text>
      <Text size="sm" c="dimmed" component="div">
        <Time at={story.attempts[0]?.started_at} />
      </Text>
      <Text size="sm" className="figures">
        {duration(lengthOf(story.attempts) / US_PER_MS)}
      </Text>
      <Text size="sm" component="div">
        <Money nano={cost} estimated={answer.estimated && cost !== null} />
      </Text>
    </>
  );
}

function Actions({ story, answer, onExplain }: { story: Story; answer: Row; onExplain: () => void }) {
  const navigate = useNavigate();
  const mayAsk = useMay("keys.create");
  const [busy, setBusy] = useState(false);
  const conversation = story.attempts[0]?.conversation ?? null;
  const sendAgain = async () => {
    setBusy(true);
    try {
      await handOverAgain(story.requested_model, conversation, story.id);
      await navigate({ to: "/playground" as never, search: { model: story.requested_model } as never });
    } catch (error) {
      tellOf(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {answer.key_id ? (
        <Button variant="default" size="xs" leftSection={<IconRouteSquare size={14} aria-hidden />} onClick={onExplain}>
          {words.explain}
        </Button>
      ) : null}
      {mayAsk && story.requested_model ? (
        <Button
          variant="default"
          size="xs"
          loading={busy}
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          onClick={() => void sendAgain()}
        >
          {conversation ? words.sendAgain : words.sendModel}
        </Button>
      ) : null}
      {conversation ? (
        <Button
          component={Link}
          {...{ to: "/conversations" as never, search: { open: conversation } as never }}
          variant="default"
          size="xs"
          leftSection={<IconMessages size={14} aria-hidden />}
        >
          {words.conversation}
        </Button>
      ) : null}
    </>
  );
}
