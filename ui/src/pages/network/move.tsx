// Moving a listener: the new address is asked for from this very browser, and given up when it does not lead here.
import { Alert, Anchor, Button, Group, Select, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, told } from "@/api/client";
import { tellDone } from "@/parts/done";
import { ProblemNote, tellOf } from "@/parts/problem";
import { network as words } from "@/texts/en/network";
import type { Network, Props, Switch } from "./network";

type Setting = keyof typeof words.settings;

const EVERYWHERE = ["0.0.0.0", "[::]"];
const TRIES = 10;
const PAUSE_MS = 500;
const TRY_MS = 3000;

export function Move({ network }: Props) {
  const [kept, setKept] = useState("");
  if (network === undefined) return <Skeleton h={120} />;
  return (
    <Stack gap={12}>
      {kept === "" ? null : (
        <Alert color="green">
          {words.probeKept(new URL(kept).host)} <Anchor href={`${kept}/admin/network`}>{words.goThere}</Anchor>
        </Alert>
      )}
      {network.pending === null ? <Form network={network} /> : <Probe pending={network.pending} onKept={setKept} />}
      {network.moved.length === 0 || kept !== "" ? null : <Moved network={network} onBack={setKept} />}
    </Stack>
  );
}

function Form({ network }: { network: Network }) {
  const movable = network.listeners.filter((one) => one.setting in words.settings);
  const [setting, setSetting] = useState<string | null>(movable[0]?.setting ?? null);
  const [address, setAddress] = useState("");
  const [error, setError] = useState<unknown>(null);
  const start = async () => {
    setError(null);
    try {
      const body = setting === "tls.listen_addr" ? { tls_listen_addr: address } : { listen_addr: address };
      await told(api.PUT("/api/v1/network", { body }));
      // Loaded anew, the page may look at the new address: which addresses it may, comes with it.
      window.location.reload();
    } catch (cause) {
      setError(cause);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <Stack gap={12}>
        {movable.length > 1 ? (
          <Select
            label={words.moveWhich}
            data={movable.map((one) => ({ value: one.setting, label: words.settings[one.setting as Setting] }))}
            value={setting}
            onChange={setSetting}
            allowDeselect={false}
          />
        ) : null}
        <TextInput
          label={words.moveTo}
          description={words.moveToHint}
          placeholder={movable.find((one) => one.setting === setting)?.address}
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          required
        />
        {error === null ? null : <ProblemNote error={error} />}
        <Group>
          <Button type="submit" variant="default">
            {words.moveStart}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Probe({ pending, onKept }: { pending: Switch; onKept: (url: string) => void }) {
  const queries = useQueryClient();
  const isMixed = window.location.protocol === "https:" && pending.probe_url.startsWith("http:");
  useEffect(() => {
    const ended = new AbortController();
    const decide = async () => {
      const isReached = !isMixed && (await leadsHere(pending, ended.signal));
      if (ended.signal.aborted) return;
      const body = { switch_id: pending.switch_id, probe_ok: isReached };
      await told(api.POST("/api/v1/network/confirm", { body }));
      const { origin } = new URL(pending.probe_url);
      if (isReached) onKept(origin);
      else tellDone(words.probeLost(pending.new_address));
      // Where this page came from, nobody answers any more if the gateway has moved elsewhere.
      if (!isReached || origin === window.location.origin) await queries.invalidateQueries({ queryKey: ["network"] });
    };
    decide().catch(tellOf);
    return () => ended.abort();
  }, [pending, isMixed, onKept, queries]);
  return <Text size="sm">{isMixed ? words.probeMixed : words.probing(pending.new_address)}</Text>;
}

// Whether the new address leads to the gateway that this page came from.
async function leadsHere(pending: Switch, ended: AbortSignal): Promise<boolean> {
  for (let tried = 0; tried < TRIES && !ended.aborted; tried += 1) {
    try {
      const signal = AbortSignal.any([ended, AbortSignal.timeout(TRY_MS)]);
      const answer = await fetch(pending.probe_url, { credentials: "omit", signal });
      const { instance } = (await answer.json()) as { instance: string };
      return instance === pending.instance_id;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return false;
}

function Moved({ network, onBack }: { network: Network; onBack: (url: string) => void }) {
  const moveBack = async () => {
    try {
      const [decided] = await told(api.DELETE("/api/v1/network/override"));
      if (decided === undefined) return;
      const there = new URL(decided.url);
      if (EVERYWHERE.includes(there.hostname)) there.hostname = window.location.hostname;
      onBack(there.origin);
    } catch (cause) {
      tellOf(cause);
    }
  };
  return (
    <Group justify="space-between">
      <Stack gap={2}>
        {network.moved.map((one) => (
          <Text key={one.setting} size="sm" className="mono">
            {words.moved(one.address, one.declared_at || one.declared)}
          </Text>
        ))}
      </Stack>
      <Button variant="subtle" size="compact-sm" onClick={() => void moveBack()}>
        {words.moveBack}
      </Button>
    </Group>
  );
}
