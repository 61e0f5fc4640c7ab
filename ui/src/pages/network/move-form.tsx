// Where to listen from now on: one of this machine's addresses and a port, and what that means before it is done.
import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { NumberField } from "@/parts/number-field";
import { ProblemNote } from "@/parts/problem";
import { moving as words } from "@/texts/en/moving";
import { addressOf, isHost, isPort, movable } from "./address";
import { meaningOf } from "./meaning";
import { beginMove } from "./move";
import type { Listener, Network } from "./network";

const BY_HAND = "";
const THIS_MACHINE = "127.0.0.1";
const EVERYWHERE = "0.0.0.0";

export function MoveForm({ network }: { network: Network }) {
  const listeners = movable(network);
  const [setting, setSetting] = useState(listeners[0]?.setting);
  const listener = listeners.find((one) => one.setting === setting) ?? listeners[0];
  if (listener === undefined) return null;
  return (
    <Stack gap={16}>
      {listeners.length > 1 ? (
        <NativeSelect
          label={words.which}
          data={listeners.map((one) => ({ value: one.setting, label: words.listener(one.address, one.tls === "on") }))}
          value={listener.setting}
          onChange={(event) => setSetting(event.currentTarget.value)}
        />
      ) : null}
      <Address key={listener.setting} network={network} listener={listener} />
    </Stack>
  );
}

function Address({ network, listener }: { network: Network; listener: Listener }) {
  const known = [THIS_MACHINE, EVERYWHERE, ...network.own_addresses];
  const [choice, setChoice] = useState(known.includes(listener.host) ? listener.host : BY_HAND);
  const [byHand, setByHand] = useState(known.includes(listener.host) ? "" : listener.host);
  const [port, setPort] = useState<number | null>(listener.port);
  const [asked, setAsked] = useState(false);
  const { busy, error, begin } = useBegin();

  const host = choice === BY_HAND ? byHand.trim().replace(/^\[|\]$/g, "") : choice;
  const isSame = host === listener.host && port === listener.port;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (isHost(host) && isPort(port) && !isSame) begin(listener.setting, addressOf(host, port));
  };
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap={12}>
        <Group gap={12} align="flex-start">
          <NativeSelect
            label={words.where}
            flex="1 1 200px"
            data={[
              { value: THIS_MACHINE, label: words.thisMachine },
              { value: EVERYWHERE, label: words.everywhere },
              ...network.own_addresses.map((one) => ({ value: one, label: one })),
              { value: BY_HAND, label: words.other },
            ]}
            value={choice}
            onChange={(event) => setChoice(event.currentTarget.value)}
          />
          <NumberField
            label={words.port}
            w={112}
            value={port}
            onChange={setPort}
            error={asked && !isPort(port) ? words.badPort : null}
          />
        </Group>
        {choice === BY_HAND ? (
          <TextInput
            label={words.byHand}
            description={words.byHandHint}
            value={byHand}
            onChange={(event) => setByHand(event.currentTarget.value)}
            error={asked && !isHost(host) ? words.badAddress : null}
            autoComplete="off"
            spellCheck={false}
          />
        ) : null}
        {isHost(host) ? <Meaning network={network} listener={listener} host={host} /> : null}
        {error === null ? null : <ProblemNote error={error} />}
        <Group gap={12}>
          <Button type="submit" loading={busy} disabled={isSame || network.pending !== null}>
            {words.move}
          </Button>
          {isSame ? (
            <Text size="sm" c="dimmed">
              {words.same}
            </Text>
          ) : null}
        </Group>
        <Text size="xs" c="dimmed">
          {words.looked}
        </Text>
      </Stack>
    </form>
  );
}

function Meaning({ network, listener, host }: { network: Network; listener: Listener; host: string }) {
  const { isRisky, sentences } = meaningOf(network, listener, host);
  return (
    <Alert color={isRisky ? "yellow" : "gray"} p={12} aria-live="polite">
      {sentences.map((sentence) => (
        <Text key={sentence} size="sm">
          {sentence}
        </Text>
      ))}
    </Alert>
  );
}

function useBegin() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const begin = (setting: string, address: string) => {
    setBusy(true);
    setError(null);
    void beginMove(setting, address).catch((cause: unknown) => {
      setError(cause);
      setBusy(false);
    });
  };
  return { busy, error, begin };
}
