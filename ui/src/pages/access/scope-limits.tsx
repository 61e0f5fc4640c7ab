// The limits of one key, person or team: in words, with a way to add one and to take one away.
import { ActionIcon, Button, Group, Stack, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { useReach } from "@/api/session";
import { limitWords } from "@/format/limits";
import { Confirm } from "@/parts/confirm";
import { tellDone } from "@/parts/done";
import { ProblemNote } from "@/parts/problem";
import { Section } from "@/table/side-panel";
import { access } from "@/texts/en/access";
import { limits as limitTexts } from "@/texts/en/limits";
import { parts } from "@/texts/en/parts";
import { LimitFields, limitBody, newLimit } from "./limit-rows";

const words = access.limits;
type ShownLimit = components["schemas"]["ShownLimit"];

export function ScopeLimits({ scope, readOnly = false }: { scope: string; readOnly?: boolean }) {
  const [adding, setAdding] = useState(false);
  const reach = useReach("limits.write");
  // Whoever does not steer everything limits keys, not the people and teams that they belong to.
  const mayWrite = !readOnly && (reach === "all" || (reach !== "-" && scope.startsWith("key:")));
  const { data, error } = useQuery({
    queryKey: ["limits", "of", scope],
    queryFn: () => told(api.GET("/api/v1/limits", { params: { query: { scope, limit: 100 } } })),
  });
  return (
    <Section
      title={words.title}
      actions={
        mayWrite && !adding ? (
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setAdding(true)}
          >
            {words.add}
          </Button>
        ) : null
      }
    >
      <Stack gap={8}>
        {error ? <ProblemNote error={error} /> : null}
        {data?.data.map((limit) => (
          <LimitLine key={limit.id} limit={limit} mayWrite={mayWrite} />
        ))}
        {data?.data.length === 0 && !adding ? (
          <Text size="sm" c="dimmed">
            {words.none}
          </Text>
        ) : null}
        {adding ? <AddLimit scope={scope} onClose={() => setAdding(false)} /> : null}
      </Stack>
    </Section>
  );
}

function LimitLine({ limit, mayWrite }: { limit: ShownLimit; mayWrite: boolean }) {
  const [asking, setAsking] = useState(false);
  const said = limitWords(limit);
  const remove = async () => {
    await told(api.DELETE("/api/v1/limits/{limit_id}", { params: { path: { limit_id: limit.id } } }));
    void stale("limits", "keys");
    tellDone(words.removed(said));
  };
  return (
    <Group gap={8} justify="space-between" wrap="nowrap" mih={30}>
      <Text size="sm" className="figures">
        {said}
      </Text>
      {limit.declared_at ? (
        <Text size="xs" c="dimmed">
          {words.declared(limit.declared_at)}
        </Text>
      ) : mayWrite ? (
        <ActionIcon variant="subtle" color="gray" aria-label={limitTexts.remove(said)} onClick={() => setAsking(true)}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      ) : null}
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={words.removeTitle}
        consequence={words.removeConsequence(said, limit.scope)}
        verb={words.removeVerb}
        onConfirm={remove}
      />
    </Group>
  );
}

function AddLimit({ scope, onClose }: { scope: string; onClose: () => void }) {
  const [wanted, setWanted] = useState(() => newLimit());
  const adding = useMutation({
    mutationFn: () => told(api.POST("/api/v1/limits", { body: limitBody(wanted, scope) })),
    onSuccess: () => {
      void stale("limits", "keys");
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Group gap={8} align="flex-end">
        <LimitFields limit={wanted} onChange={(changes) => setWanted((before) => ({ ...before, ...changes }))} />
      </Group>
      {adding.error ? <ProblemNote error={adding.error} /> : null}
      <Group gap={8} mt={8}>
        <Button type="submit" size="xs" loading={adding.isPending} disabled={wanted.amount === ""}>
          {words.save}
        </Button>
        <Button variant="default" size="xs" onClick={onClose}>
          {parts.cancel}
        </Button>
      </Group>
    </form>
  );
}
