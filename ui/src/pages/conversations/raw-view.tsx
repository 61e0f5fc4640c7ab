// A request and its answer as they were: headers, of which those that may be secret are masked, and bodies as text.
import { Skeleton, Stack, Tabs, Text } from "@mantine/core";
import type { components } from "@/api/schema";
import { exact } from "@/format/figures";
import { Copy } from "@/parts/copy";
import { Foreign, ForeignLines } from "@/parts/foreign";
import { ProblemNote } from "@/parts/problem";
import { Facts, Section } from "@/table/side-panel";
import { conversations } from "@/texts/en/conversations";
import { type Exchange, useRaw } from "./use-conversation";

type Body = components["schemas"]["ShownBody"];
const words = conversations.rawView;

export function RawView({ conversationId, exchange }: { conversationId: string; exchange: Exchange }) {
  const { data, error, isPending, refetch } = useRaw(conversationId, exchange);
  if (error) return <ProblemNote error={error} onRetry={() => void refetch()} />;
  if (isPending || !data) return <Skeleton h={160} />;
  return (
    <Tabs defaultValue="request" keepMounted={false} aria-label={words.title}>
      <Tabs.List>
        <Tabs.Tab value="request">{words.request}</Tabs.Tab>
        <Tabs.Tab value="answer">{words.answer}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="request" pt={12}>
        <Text size="xs" className="mono" mb={8}>
          <Foreign text={`POST ${data.path}`} />
        </Text>
        <BodyView body={data.request} />
      </Tabs.Panel>
      <Tabs.Panel value="answer" pt={12}>
        <BodyView body={data.answer} />
      </Tabs.Panel>
    </Tabs>
  );
}

function BodyView({ body }: { body: Body }) {
  return (
    <Stack gap={12}>
      <Section title={words.headers}>
        <Facts facts={body.headers.map(({ name, value }) => [name, <Foreign key={name} text={value} />] as const)} />
        <Text size="xs" c="dimmed" mt={4}>
          {words.masked}
        </Text>
      </Section>
      <Section title={words.body(exact(body.bytes))} actions={<Copy text={body.body} what={words.body("")} />}>
        {body.body === "" ? (
          <Text size="sm">{words.empty}</Text>
        ) : (
          <ForeignLines text={body.body} label={words.body("")} />
        )}
      </Section>
    </Stack>
  );
}
