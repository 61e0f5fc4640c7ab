// A run to be made: which models, how much of each, and what that costs.
import { Alert, Button, NumberInput, Paper, SimpleGrid, TagsInput, Text } from "@mantine/core";
import { IconCoin, IconGauge } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { exact, money } from "@/format/figures";
import { ProblemNote } from "@/parts/problem";
import { benchmark as words } from "@/texts/en/benchmark";
import {
  type Benchmark,
  costOf,
  INPUT_TOKENS,
  MOST_OUTPUT_TOKENS,
  OUTPUT_TOKENS,
  type Plan,
  startRun,
  useChosen,
} from "./benchmark";
import { useNames } from "./choose-model";

const USUAL: Plan = { chats: 2, messages: 1, stopAfter: 20_000 };
const NAMED = 5;

interface Props {
  models: string[];
  onModels: (models: string[]) => void;
  known: Benchmark | undefined;
}

export function BenchmarkForm({ models, onModels, known }: Props) {
  const [typed, setTyped] = useState("");
  const [plan, setPlan] = useState(USUAL);
  const names = useNames(typed.trim());
  const starting = useMutation({ mutationFn: () => startRun(models, plan) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    starting.mutate();
  };
  const bounds = known?.bounds;
  const amount = (name: keyof Plan, label: string, least: number, most: number | undefined, hint?: string) => (
    <NumberInput
      label={label}
      {...(hint ? { description: hint, inputWrapperOrder: ["label", "input", "description", "error"] } : {})}
      min={least}
      {...(most === undefined ? {} : { max: most })}
      allowDecimal={false}
      thousandSeparator=","
      value={plan[name]}
      onChange={(value) => typeof value === "number" && setPlan({ ...plan, [name]: value })}
    />
  );
  return (
    <Paper component="form" withBorder radius="md" p={16} onSubmit={submit}>
      <Text size="sm" c="dimmed" mb={12}>
        {words.about}
      </Text>
      <TagsInput
        label={words.models}
        placeholder={models.length === 0 ? words.modelsHint : ""}
        data={names}
        filter={({ options }) => options}
        maxTags={bounds?.models ?? 1}
        clearable
        value={models}
        onChange={onModels}
        searchValue={typed}
        onSearchChange={setTyped}
      />
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing={12} mt={12}>
        {amount("chats", words.chats, 1, bounds?.chats_per_model)}
        {amount("messages", words.messages, 1, bounds?.messages_per_chat)}
        {amount("stopAfter", words.stop, 0, bounds?.stop_after_tokens, words.stopHint)}
      </SimpleGrid>
      <CostNote models={models} plan={plan} />
      {starting.error ? <ProblemNote error={starting.error} /> : null}
      <Button
        type="submit"
        mt={12}
        loading={starting.isPending}
        disabled={models.length === 0 || known?.running !== false}
        leftSection={<IconGauge size={16} aria-hidden />}
        {...(known?.running ? { title: words.running } : {})}
      >
        {words.start}
      </Button>
    </Paper>
  );
}

function CostNote({ models, plan }: { models: string[]; plan: Plan }) {
  const { data = [] } = useChosen(models);
  const { likelyNano, mostNano, unpriced } = costOf(models, data, plan);
  const messages = models.length * plan.chats * plan.messages;
  const isFree = mostNano === 0 && unpriced.length === 0;
  const named = unpriced.slice(0, NAMED).join(", ") + (unpriced.length > NAMED ? ", …" : "");
  return (
    <Alert color="gray" icon={<IconCoin size={18} />} title={words.costTitle} mt={16} role="status">
      {models.length === 0 ? (
        <Text size="sm">{words.choose}</Text>
      ) : (
        <>
          <Text size="sm" className="figures">
            {`${words.asks(messages, models.length)}: `}
            <Text span inherit fw={600}>
              {isFree ? words.costsNothing : words.costs(money(likelyNano), money(mostNano))}
            </Text>
            {"."}
          </Text>
          <Text size="xs" c="dimmed">
            {words.assumed(INPUT_TOKENS, OUTPUT_TOKENS, MOST_OUTPUT_TOKENS)}
            {plan.stopAfter > 0 ? ` ${words.stops(exact(plan.stopAfter))}` : ""}
          </Text>
          {unpriced.length > 0 ? (
            <Text size="xs" c="var(--soon)">
              {words.unpriced(named)}
            </Text>
          ) : null}
        </>
      )}
    </Alert>
  );
}
