// Why it went where it went: how the name was found, the places in their order, and those that were left out.
import { Stack, Text } from "@mantine/core";
import { IconArrowRight, IconBan, IconCheck, IconMinus, IconX } from "@tabler/icons-react";
import { Foreign } from "@/parts/foreign";
import { Facts } from "@/table/side-panel";
import { story as words } from "@/texts/en/story";
import classes from "./requests.module.css";
import type { Decision, Story } from "./row";

const PICTURES = { answered: IconCheck, failed: IconX, notAsked: IconMinus } as const;

export function RouteTaken({ story }: { story: Story }) {
  const { decision } = story;
  return (
    <Stack gap={8}>
      <Text size="sm" component="div">
        {words.by[decision.by ?? ""] ?? decision.by}{" "}
        {story.alias ? (
          <span className={classes.alias}>
            <Foreign text={story.alias} />
            <IconArrowRight size={12} aria-hidden /> <Foreign text={`${story.provider}/${story.model}`} />
          </span>
        ) : null}
      </Text>
      <Choice decision={decision} />
      {decision.order && decision.order.length > 0 ? <Places decision={decision} order={decision.order} /> : null}
      <LeftOut leftOut={Object.entries(decision.left_out ?? {})} />
    </Stack>
  );
}

function Choice({ decision }: { decision: Decision }) {
  const wishes = decision.wishes ? JSON.stringify(decision.wishes) : undefined;
  const selection = decision.selection ? (words.selections[decision.selection] ?? decision.selection) : undefined;
  const models = decision.models && decision.models.length > 0 ? decision.models.join(", ") : undefined;
  const facts = [
    [words.profile, decision.profile ? <Foreign key="profile" text={decision.profile} /> : undefined],
    [words.selection, selection],
    [words.sticky, decision.sticky ? <IconCheck key="sticky" size={14} aria-hidden /> : undefined],
    [words.models, models === undefined ? undefined : <Foreign key="models" text={models} />],
    [words.wishes, wishes === undefined ? undefined : <Foreign key="wishes" text={wishes} />],
  ] as const;
  return facts.some(([, value]) => value !== undefined) ? <Facts facts={facts} /> : null;
}

function Places({ decision, order }: { decision: Decision; order: string[] }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {words.order}
      </Text>
      {order.map((target) => {
        const tried = decision.attempts?.filter((one) => one.target === target).at(-1);
        const became = tried === undefined ? "notAsked" : tried.outcome === "completed" ? "answered" : "failed";
        const Picture = PICTURES[became];
        const resting = decision.cooling?.[target];
        return (
          <div key={target} className={classes.place}>
            <Picture size={14} aria-hidden />
            <Foreign text={target} />
            <Text size="xs" c="dimmed" component="span">
              {became === "failed" && tried ? `${words.failed} (${tried.status || tried.outcome})` : words[became]}
            </Text>
            {resting ? <span className={classes.placeNote}>{words.cooling(resting)}</span> : null}
          </div>
        );
      })}
    </div>
  );
}

export function LeftOut({ leftOut }: { leftOut: (readonly [string, string])[] }) {
  if (leftOut.length === 0) return null;
  return (
    <div>
      <Text size="xs" c="dimmed">
        {words.leftOut}
      </Text>
      {leftOut.map(([target, why]) => (
        <div key={target} className={classes.place}>
          <IconBan size={14} aria-hidden />
          <Foreign text={target} />
          <span />
          <span className={classes.placeNote}>{words.why[why] ?? why}</span>
        </div>
      ))}
    </div>
  );
}
