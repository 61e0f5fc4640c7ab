// Sign-up codes: whoever knows one makes an account by themselves, in the code's team and with its quota.
import { Button, Group, Text } from "@mantine/core";
import { IconPlus, IconTicket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { Empty } from "@/parts/empty";
import { Time, Tokens } from "@/parts/figure";
import { tellOf } from "@/parts/problem";
import { StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";
import { CreateCode } from "./create-code";
import { type Told, ToldDialog } from "./link-dialog";

const words = access.codes;
type Code = components["schemas"]["ShownAccessCode"];

export function CodesTab() {
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<Told | null>(null);
  const mayWrite = useMay("access_codes.write");
  const codes = useQuery({ queryKey: ["users", "codes"], queryFn: () => told(api.GET("/api/v1/access-codes")) });
  const create = mayWrite ? (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setMaking(true)}>
      {words.create}
    </Button>
  ) : null;
  return (
    <>
      <DataTable
        name={access.tabs.signUp}
        columns={mayWrite ? [...COLUMNS, ACTIONS] : COLUMNS}
        rows={codes.data?.data ?? []}
        isLoading={codes.isLoading}
        error={codes.error}
        onRetry={() => void codes.refetch()}
        idOf={(code) => code.id}
        filter={
          <Text size="sm" c="dimmed">
            {words.about}
          </Text>
        }
        actions={create}
        empty={
          <Empty icon={IconTicket} title={words.empty} hint={words.emptyHint}>
            {create}
          </Empty>
        }
      />
      {making ? <CreateCode onClose={() => setMaking(false)} onMade={setShown} /> : null}
      <ToldDialog told={shown} onClose={() => setShown(null)} />
    </>
  );
}

function CodeState({ code }: { code: Code }) {
  const used = code.max_uses !== null && code.uses >= code.max_uses;
  const expired = code.expires_at !== null && Date.parse(code.expires_at) <= Date.now();
  if (!code.enabled) return <StateBadge state="stopped" word={words.states.disabled} />;
  if (expired) return <StateBadge state="stopped" word={words.states.expired} />;
  if (used) return <StateBadge state="stopped" word={words.states.used} />;
  return <StateBadge state="ok" word={words.states.active} />;
}

const COLUMNS: Column<Code>[] = [
  { id: "hint", head: words.hint, cell: (code) => <span className="mono">{code.hint}</span>, width: 130 },
  { id: "team", head: words.team, cell: (code) => code.team || parts.none, width: 130 },
  { id: "state", head: words.state, cell: (code) => <CodeState code={code} />, width: 115 },
  {
    id: "uses",
    head: words.uses,
    cell: (code) => words.usesOf(code.uses, code.max_uses === null ? words.unlimited : String(code.max_uses)),
    width: 120,
  },
  { id: "quota", head: words.quota, cell: (code) => <Tokens value={code.quota_tokens} />, align: "right", width: 120 },
  {
    id: "models",
    head: words.models,
    cell: (code) => code.allowed_models.join(", ") || access.keys.allModels,
    width: 140,
    hidden: true,
  },
  { id: "expires", head: words.expires, cell: (code) => <Time at={code.expires_at} />, width: 110 },
  { id: "comment", head: words.comment, cell: (code) => code.comment, width: 150 },
];

const ACTIONS: Column<Code> = {
  id: "actions",
  head: words.actions,
  cell: (code) => <CodeActions code={code} />,
  width: 235,
};

function CodeActions({ code }: { code: Code }) {
  const [removing, setRemoving] = useState(false);
  const params = { path: { code_id: code.id } };
  const toggle = async () => {
    await told(api.PATCH("/api/v1/access-codes/{code_id}", { params, body: { enabled: !code.enabled } }));
    void stale("users");
  };
  const remove = async () => {
    await told(api.DELETE("/api/v1/access-codes/{code_id}", { params }));
    void stale("users");
  };
  return (
    <Group gap={4} wrap="nowrap">
      <Button variant="subtle" size="compact-sm" onClick={() => void toggle().catch(tellOf)}>
        {code.enabled ? words.disable : words.enable}
      </Button>
      <Button variant="subtle" color="red" size="compact-sm" onClick={() => setRemoving(true)}>
        {words.remove}
      </Button>
      <Confirm
        opened={removing}
        onClose={() => setRemoving(false)}
        title={words.removeTitle(code.hint)}
        consequence={words.removeConsequence}
        verb={words.removeVerb}
        onConfirm={remove}
      />
    </Group>
  );
}
