// The authority that certificates come from: how its last order went, when the next one is, and ordering by hand.
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useMay } from "@/api/session";
import { dayOf, fromNow } from "@/format/times";
import { Time } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem";
import { StateBadge } from "@/parts/state-badge";
import { Facts } from "@/table/side-panel";
import { certificate as words } from "@/texts/en/certificate";
import type { Certificate } from "./network";

type Shown = NonNullable<Certificate["authority"]>;
type Kind = "test" | "renew";

export function Authority({ authority }: { authority: Shown }) {
  return (
    <Stack gap={12}>
      {authority.problem === "" ? null : (
        <Alert role="alert" color="red" icon={<IconAlertTriangle size={18} />} title={words.refused}>
          {authority.problem}
          {authority.next_order_at ? <Text size="sm">{words.tryAgainAt(fromNow(authority.next_order_at))}</Text> : null}
        </Alert>
      )}
      <Facts
        facts={[
          [words.authority, <span key="url">{authority.directory_url}</span>],
          [words.ordered, <Last key="last" authority={authority} />],
          [words.next, <Time key="next" at={authority.next_order_at} />],
          [words.orders, words.ofTen(authority.orders_today)],
        ]}
      />
      {useMay("settings.write") ? <Orders isOrdering={authority.ordering} /> : null}
    </Stack>
  );
}

function Last({ authority }: { authority: Shown }) {
  if (authority.ordering) return <StateBadge state="unknown" word={words.ordering} />;
  if (authority.problem === "") return <StateBadge state="ok" word={words.orderedWell} />;
  return (
    <Group gap={8}>
      <StateBadge state="stopped" word={words.refused} />
      <Time at={authority.problem_at} />
    </Group>
  );
}

function Orders({ isOrdering }: { isOrdering: boolean }) {
  const { busy, outcome, error, order } = useOrder();
  return (
    <Stack gap={8}>
      <Group gap={8}>
        {(["test", "renew"] as const).map((kind) => (
          <Button
            key={kind}
            variant="default"
            loading={busy === kind}
            disabled={isOrdering || busy !== null}
            onClick={() => void order(kind)}
          >
            {kind === "test" ? words.tryOut : words.renew}
          </Button>
        ))}
      </Group>
      {busy === null ? null : (
        <Text size="sm" c="dimmed" role="status">
          {words.patience}
        </Text>
      )}
      {error === null ? null : <ProblemNote error={error} />}
      {outcome}
    </Stack>
  );
}

function useOrder() {
  const [busy, setBusy] = useState<Kind | null>(null);
  const [outcome, setOutcome] = useState<React.ReactNode>(null);
  const [error, setError] = useState<unknown>(null);
  const order = async (kind: Kind) => {
    setBusy(kind);
    setOutcome(null);
    setError(null);
    try {
      const path = kind === "test" ? "/api/v1/network/tls/test" : "/api/v1/network/tls/renew";
      setOutcome(<Outcome kind={kind} brought={await told(api.POST(path))} />);
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(null);
      void stale("network");
    }
  };
  return { busy, outcome, error, order };
}

interface Brought {
  status: "issued" | "running";
  directory_url: string;
  certificate?: { names: string[]; not_after?: string | null } | null;
}

function Outcome({ kind, brought }: { kind: Kind; brought: Brought }) {
  const names = brought.certificate?.names.join(", ") ?? "";
  if (brought.status === "running") {
    return (
      <Alert role="status" color="gray" icon={<IconInfoCircle size={18} />} title={words.running}>
        {words.runningHint}
      </Alert>
    );
  }
  return (
    <Alert
      role="status"
      color="green"
      icon={<IconCircleCheck size={18} />}
      title={kind === "test" ? words.tried : words.renewed}
    >
      {kind === "test"
        ? words.triedBy(brought.directory_url, names)
        : words.renewedUntil(names, dayOf(brought.certificate?.not_after ?? ""))}
    </Alert>
  );
}
