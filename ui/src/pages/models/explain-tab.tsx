// What would become of a request: the question in the address, so that it can be linked to, and the gateway's answer.
import {
  Button,
  Group,
  NativeSelect,
  NumberInput,
  Paper,
  SimpleGrid,
  Skeleton,
  Stack,
  Switch,
  Text,
} from "@mantine/core";
import { IconKey, IconRouteSquare } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError, api, told } from "@/api/client";
import { useMay } from "@/api/session";
import { Empty } from "@/parts/empty";
import { ProblemNote } from "@/parts/problem";
import { routes as words } from "@/texts/en/routes";
import { useView } from "@/view";
import { ChooseKey } from "../access/fields";
import { ChooseModel } from "./choose-model";
import { Explanation } from "./explanation";
import { bodyOf, NO_QUESTION, type Question } from "./route-question";

export function ExplainTab() {
  const [view, change] = useView(NO_QUESTION);
  const key = JSON.stringify(view);
  const asked = useQuery({
    queryKey: ["models", "explain", key],
    queryFn: () => told(api.POST("/api/v1/route/explain", { body: bodyOf(view) })),
    enabled: view.model !== "",
    staleTime: 0,
    placeholderData: (before) => before,
  });
  const ask = (question: Question) => {
    change(question);
    if (JSON.stringify(question) === key) void asked.refetch();
  };
  return (
    <Stack gap={16}>
      <QuestionForm asked={view} busy={asked.isFetching} onAsk={ask} />
      <Answer question={view} asked={asked} />
    </Stack>
  );
}

interface AnswerProps {
  question: Question;
  asked: { data: Parameters<typeof Explanation>[0]["told"] | undefined; error: unknown; refetch: () => unknown };
}

function Answer({ question, asked: { data, error, refetch } }: AnswerProps) {
  if (question.model === "") return <Empty icon={IconRouteSquare} title={words.nothing} hint={words.nothingHint} />;
  if (error !== null) {
    if (isWithoutKey(question, error)) return <Empty icon={IconKey} title={words.noKey} hint={words.noKeyHint} />;
    const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500;
    return (
      <>
        {isRefusal ? (
          <Text size="sm" fw={600}>
            {words.refused}
          </Text>
        ) : null}
        <ProblemNote error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  return data === undefined ? <Skeleton h={240} /> : <Explanation told={data} />;
}

// Who has no key must name one; the server says so of its field.
function isWithoutKey(question: Question, error: unknown): boolean {
  return question.key === "" && error instanceof ApiError && error.status === 422 && error.message.startsWith("key:");
}

interface FormProps {
  asked: Question;
  busy: boolean;
  onAsk: (question: Question) => void;
}

function QuestionForm({ asked, busy, onAsk }: FormProps) {
  const [draft, setDraft] = useState(asked);
  const mayKeys = useMay("keys.read");
  useEffect(() => setDraft(asked), [asked]);
  const set = (changes: Partial<Question>) => setDraft((before) => ({ ...before, ...changes }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk({ ...draft, model: draft.model.trim() });
  };
  const tokens = (name: "input" | "output", label: string) => (
    <NumberInput
      label={label}
      min={0}
      allowDecimal={false}
      thousandSeparator=","
      step={100}
      value={draft[name] === "" ? "" : Number(draft[name])}
      onChange={(value) => set({ [name]: String(value) })}
    />
  );
  const flag = (name: "stream" | "tools", label: string) => (
    <Switch
      label={label}
      checked={draft[name] === "yes"}
      onChange={(event) => set({ [name]: event.currentTarget.checked ? "yes" : "no" })}
    />
  );
  return (
    <Paper component="form" withBorder radius="md" p={16} onSubmit={submit}>
      <Text size="sm" c="dimmed" mb={12}>
        {words.about}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 5 }} spacing={12}>
        <ChooseModel
          label={words.model}
          placeholder={words.modelHolder}
          required
          value={draft.model}
          onChange={(model) => set({ model })}
        />
        {mayKeys ? (
          <ChooseKey label={words.key} placeholder={words.keyHint} value={draft.key} onChange={(key) => set({ key })} />
        ) : null}
        <NativeSelect
          label={words.operation}
          data={Object.entries(words.operations).map(([value, label]) => ({ value, label }))}
          value={draft.operation}
          onChange={(event) => set({ operation: event.currentTarget.value })}
        />
        {tokens("input", words.input)}
        {tokens("output", words.output)}
      </SimpleGrid>
      <Group gap={24} mt={16}>
        {flag("stream", words.stream)}
        {flag("tools", words.tools)}
        <Button
          type="submit"
          ml="auto"
          loading={busy}
          disabled={draft.model.trim() === ""}
          leftSection={<IconRouteSquare size={16} aria-hidden />}
        >
          {words.verb}
        </Button>
      </Group>
    </Paper>
  );
}
