// The story of a request as one timeline: received, key and limits, route, attempts, first token, done.
import { Anchor, Stack, Text, Timeline } from "@mantine/core";
import {
  type Icon,
  IconArrowsSplit2,
  IconBolt,
  IconCheck,
  IconInbox,
  IconKey,
  IconSend,
  IconX,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { count, duration } from "@/format/figures";
import { absolute } from "@/format/times";
import { Foreign } from "@/parts/foreign";
import { story as words } from "@/texts/en/story";
import { Attempt } from "./attempt";
import { Done } from "./done";
import classes from "./requests.module.css";
import { RouteTaken } from "./route-taken";
import { type Row, type Story, stateOf } from "./row";
import { lengthOf } from "./use-story";
import { Waterfall } from "./waterfall";

const US_PER_MS = 1000;

export function StoryView({ story, answer }: { story: Story; answer: Row }) {
  const [first] = story.attempts;
  if (first === undefined) return null;
  const asked = story.attempts.filter((one) => one.provider !== "" && one.answered_by === "");
  const isWell = stateOf(answer) === "ok";
  return (
    <Stack gap={20} component="section" aria-label={words.label}>
      <Waterfall attempts={story.attempts} />
      <Timeline bulletSize={26} lineWidth={2} active={asked.length + 4} color={isWell ? "indigo" : "gray"}>
        <Timeline.Item bullet={<Bullet icon={IconInbox} />} title={<Step name={words.received} />}>
          <Received row={first} />
        </Timeline.Item>
        <Timeline.Item bullet={<Bullet icon={IconKey} />} title={<Step name={words.limits} />}>
          <KeyAndLimits row={first} />
        </Timeline.Item>
        <Timeline.Item bullet={<Bullet icon={IconArrowsSplit2} />} title={<Step name={words.route} />}>
          <RouteTaken story={story} />
        </Timeline.Item>
        {asked.map((row, index) => (
          <Timeline.Item
            key={row.id}
            bullet={<Bullet icon={IconSend} />}
            title={
              <Step
                name={words.attempt(index + 1, asked.length)}
                note={words.took(duration(row.latency_us / US_PER_MS))}
              />
            }
          >
            <Attempt row={row} receivedUs={first.started_us} />
          </Timeline.Item>
        ))}
        {answer.first_token_us > 0 ? (
          <Timeline.Item
            bullet={<Bullet icon={IconBolt} />}
            title={<Step name={words.firstToken} note={firstTokenOf(answer, first)} />}
          />
        ) : null}
        <Timeline.Item
          bullet={<Bullet icon={isWell ? IconCheck : IconX} />}
          title={<Step name={words.done} note={words.took(duration(lengthOf(story.attempts) / US_PER_MS))} />}
        >
          <Done story={story} answer={answer} />
        </Timeline.Item>
      </Timeline>
    </Stack>
  );
}

function Bullet({ icon: Picture }: { icon: Icon }) {
  return <Picture size={14} aria-hidden />;
}

function Step({ name, note }: { name: string; note?: ReactNode }) {
  return (
    <span className={classes.step}>
      <Text component="span" fw={600} size="sm">
        {name}
      </Text>
      <Text component="span" size="xs" c="dimmed" className="figures">
        {note}
      </Text>
    </span>
  );
}

function firstTokenOf(answer: Row, first: Row): string {
  const us = answer.started_us + answer.first_token_us - first.started_us;
  return words.firstTokenHint(duration(us / US_PER_MS));
}

function Received({ row }: { row: Row }) {
  const facts = [row.operation, row.stream ? words.streamed : words.whole, words.bytesIn(`${count(row.bytes_in)}B`)];
  return (
    <Text size="sm" component="div">
      <Foreign text={words.receivedFrom(row.client_tool, row.client_ip)} />
      <Text size="xs" c="dimmed" className="figures">
        {`${absolute(row.started_at)} · ${facts.join(" · ")}`}
      </Text>
    </Text>
  );
}

function KeyAndLimits({ row }: { row: Row }) {
  if (row.key_id === "") return <Text size="sm">{words.noKey}</Text>;
  const held = heldOf(row);
  const above = row.chain.length - 1;
  return (
    <Text size="sm" component="div">
      <Anchor inherit component={Link} {...{ to: "/access" as never, search: { open: row.key_id } as never }}>
        <Foreign text={row.key_name || row.key_id} />
      </Anchor>
      <Foreign
        text={[row.user, row.team]
          .filter(Boolean)
          .map((name) => ` · ${name}`)
          .join("")}
      />
      <Text size="xs" c="dimmed">
        {held} {above > 0 ? words.chain(above) : null}
      </Text>
      <Anchor
        size="xs"
        component={Link}
        {...{ to: "/quota" as never, search: { tab: "limits", q: row.key_name } as never }}
      >
        {words.seeLimits}
      </Anchor>
    </Text>
  );
}

// Limits are looked at when it is known who would be asked.
function heldOf(row: Row): string {
  if (row.end_reason === "limit_reached") return words.limitsRefused;
  return row.provider === "" || row.answered_by !== "" ? words.limitsNotReached : words.limitsPassed;
}
