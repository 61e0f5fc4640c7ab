// How it ended: tokens by kind, what they cost and at which price, whose answer it was, and its ids.
import { Anchor, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { count, exact, money, rate } from "@/format/figures";
import { Money } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { IdCell } from "@/table/id-cell";
import { Facts } from "@/table/side-panel";
import { requests } from "@/texts/en/requests";
import { story as words } from "@/texts/en/story";
import { Failure } from "./attempt";
import classes from "./requests.module.css";
import type { Row, Story } from "./row";

type TokenKind = keyof typeof words.tokens;

const KINDS = Object.keys(words.tokens) as TokenKind[];
const ALWAYS: readonly TokenKind[] = ["input_tokens", "output_tokens"];
const US_PER_S = 1e6;

export function Done({ story, answer }: { story: Story; answer: Row }) {
  const isAsked = answer.provider !== "";
  return (
    <Stack gap={8}>
      {answer.answered_by ? <Borrowed answer={answer} /> : null}
      {isAsked ? <Text size="sm">{requests.endsLong[answer.end_reason]}</Text> : <Failure row={answer} />}
      <Tokens answer={answer} />
      <Facts
        facts={[
          [words.cost, answer.cost_nano_usd === null ? words.unpriced : <Cost key="cost" answer={answer} />],
          [words.price, answer.price_source ? <Foreign key="price" text={answer.price_source} /> : undefined],
          [words.tier, answer.usage.tier ? <Foreign key="tier" text={answer.usage.tier} /> : undefined],
          [words.speed, speedOf(answer)],
          [words.ids, <IdCell key="id" id={story.id} what={words.requestId} />],
          [
            words.clientId,
            answer.client_request_id ? <IdCell key="client" id={answer.client_request_id} /> : undefined,
          ],
          [words.trace, answer.traceparent ? <IdCell key="trace" id={answer.traceparent} /> : undefined],
        ]}
      />
      <Text size="xs" c="dimmed" className="figures">
        {words.bytesOut(`${count(answer.bytes_out)}B`)}
      </Text>
    </Stack>
  );
}

function Cost({ answer }: { answer: Row }) {
  return <Money nano={answer.cost_nano_usd} estimated={answer.estimated} />;
}

function Tokens({ answer }: { answer: Row }) {
  const kinds = KINDS.filter((kind) => ALWAYS.includes(kind) || answer.usage[kind] > 0);
  return (
    <>
      <dl className={`${classes.tokens} figures`}>
        {kinds.map((kind) => (
          <TokenKindRow key={kind} name={words.tokens[kind]} tokens={answer.usage[kind]} />
        ))}
      </dl>
      {answer.estimated ? (
        <Text size="xs" c="dimmed">
          {words.estimated}
        </Text>
      ) : null}
      {answer.overrun > 0 ? (
        <Text size="xs" c="dimmed">
          {words.overrun(exact(answer.overrun))}
        </Text>
      ) : null}
    </>
  );
}

function TokenKindRow({ name, tokens }: { name: string; tokens: number }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{exact(tokens)}</dd>
    </>
  );
}

function Borrowed({ answer }: { answer: Row }) {
  const how = answer.answered_by === "" ? "" : requests.answeredBy[answer.answered_by];
  return (
    <Text size="sm" component="div">
      {how}
      {". "}
      {answer.saved_nano_usd > 0 ? words.saved(money(answer.saved_nano_usd)) : null}{" "}
      {answer.origin_id ? (
        <Anchor inherit component={Link} {...{ to: "/requests" as never, search: { open: answer.origin_id } as never }}>
          {words.origin}
        </Anchor>
      ) : null}
    </Text>
  );
}

// How fast the answer came after its first token; what came all at once has no speed.
function speedOf(answer: Row): string | undefined {
  const us = answer.latency_us - answer.first_token_us;
  if (answer.first_token_us === 0 || us <= 0 || answer.usage.output_tokens < 2) return undefined;
  return words.speedOf(rate((answer.usage.output_tokens - 1) / (us / US_PER_S)));
}
