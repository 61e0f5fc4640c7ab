// Whose conversations are kept: rules by scope, and one more. What the configuration says is shown, and changed there.
import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Modal,
  Select,
  Skeleton,
  Stack,
  Switch,
  Table,
  Text,
  TextInput,
  VisuallyHidden,
} from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { useMay } from "@/api/session";
import { count, exact } from "@/format/figures";
import { Foreign } from "@/parts/foreign";
import { ProblemNote, tellOf } from "@/parts/problem";
import { conversations } from "@/texts/en/conversations";
import { parts } from "@/texts/en/parts";

type Rule = components["schemas"]["ShownRule"];
type Kind = keyof typeof words.kinds;

const words = conversations.capture;
const KINDS = Object.keys(words.kinds) as Kind[];
const EVERYBODY = "global";

export function CaptureRules({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={words.title} size="lg" closeButtonProps={{ "aria-label": parts.close }}>
      <Rules />
    </Modal>
  );
}

function Rules() {
  const mayWrite = useMay("capture.write");
  const asked = useQuery({
    queryKey: ["conversations", "capture"],
    queryFn: () => told(api.GET("/api/v1/conversations/capture")),
  });
  if (asked.error) return <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />;
  if (!asked.data) return <Skeleton h={200} />;
  const { data, allowed, max_age_days: days, max_items: items, max_bytes: bytes } = asked.data;
  return (
    <Stack gap={16}>
      {allowed ? null : <Alert color="yellow">{words.forbidden}</Alert>}
      <Text size="sm">{words.about(days, exact(items), `${count(bytes)}B`)}</Text>
      {data.length === 0 ? (
        <Text size="sm" fw={600}>
          {words.nobody}
        </Text>
      ) : (
        <RuleTable rules={data} mayWrite={mayWrite && allowed} />
      )}
      <Text size="xs" c="dimmed">
        {words.nearest}
      </Text>
      {mayWrite && allowed ? <AddRule /> : null}
    </Stack>
  );
}

function RuleTable({ rules, mayWrite }: { rules: Rule[]; mayWrite: boolean }) {
  return (
    <Table verticalSpacing={6}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{words.scope}</Table.Th>
          <Table.Th>{words.kept}</Table.Th>
          <Table.Th>{words.origin}</Table.Th>
          <Table.Th>
            <VisuallyHidden>{parts.remove}</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rules.map((rule) => (
          <RuleRow key={`${rule.origin} ${rule.scope}`} rule={rule} mayWrite={mayWrite && rule.origin === "database"} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function RuleRow({ rule, mayWrite }: { rule: Rule; mayWrite: boolean }) {
  const set = useSetRule();
  const remove = useMutation({
    mutationFn: () =>
      told(api.DELETE("/api/v1/conversations/capture/{scope}", { params: { path: { scope: rule.scope } } })),
    onSuccess: () => stale("conversations"),
    onError: tellOf,
  });
  const scope = nameOf(rule.scope);
  return (
    <Table.Tr>
      <Table.Td>
        <Foreign text={scope} />
      </Table.Td>
      <Table.Td>
        <Switch
          aria-label={words.switchOf(scope)}
          checked={rule.enabled}
          disabled={!mayWrite || rule.shadowed || set.isPending}
          onChange={(event) => set.mutate({ scope: rule.scope, enabled: event.currentTarget.checked })}
        />
      </Table.Td>
      <Table.Td>
        <Text size="xs" c="dimmed">
          {rule.origin === "file" ? rule.declared_at : rule.shadowed ? words.shadowed : words.database}
        </Text>
      </Table.Td>
      <Table.Td ta="right">
        {mayWrite ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={words.removeRule(scope)}
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          >
            <IconTrash size={16} />
          </ActionIcon>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}

function AddRule() {
  const [kind, setKind] = useState<Kind>("team");
  const [name, setName] = useState("");
  const set = useSetRule();
  const scope = kind === EVERYBODY ? EVERYBODY : `${kind}:${name.trim()}`;
  const add = (enabled: boolean) => set.mutate({ scope, enabled }, { onSuccess: () => setName("") });
  const isReady = kind === EVERYBODY || name.trim() !== "";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) add(true);
      }}
    >
      <Group align="flex-end" gap={8}>
        <Select
          w={140}
          label={words.scope}
          data={KINDS.map((value) => ({ value, label: words.kinds[value] }))}
          value={kind}
          allowDeselect={false}
          onChange={(value) => setKind((value ?? "team") as Kind)}
        />
        {kind === EVERYBODY ? null : (
          <TextInput
            flex="1 1 160px"
            label={words.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        <Button type="submit" disabled={!isReady} loading={set.isPending}>
          {words.keep}
        </Button>
        <Button variant="default" disabled={!isReady || set.isPending} onClick={() => add(false)}>
          {words.leave}
        </Button>
      </Group>
      {set.error ? <ProblemNote error={set.error} /> : null}
    </form>
  );
}

function useSetRule() {
  return useMutation({
    mutationFn: ({ scope, enabled }: { scope: string; enabled: boolean }) =>
      told(api.PUT("/api/v1/conversations/capture/{scope}", { params: { path: { scope } }, body: { enabled } })),
    onSuccess: () => stale("conversations"),
  });
}

function nameOf(scope: string): string {
  if (scope === EVERYBODY) return words.everybody;
  const [kind = "", ...name] = scope.split(":");
  return `${words.kinds[kind as Kind] ?? kind}: ${name.join(":") || parts.none}`;
}
