// A move that waits for a word: what goes on, how long it may, and what whoever looks can do.
import { Alert, Anchor, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "@/api/session";
import { ProblemNote, tellOf } from "@/parts/problem";
import { moving as words } from "@/texts/en/moving";
import { mayLook, pageOf } from "./move";
import type { Move, Network } from "./network";
import { keepUnseen, useLook, useSecondsLeft } from "./use-move";

const MOST_S = 60;

interface Props {
  network: Network;
  move: Move;
  // It was begun here, so this page looks whether it is reached.
  isMine: boolean;
  // When the server said how long is left.
  askedAt: number;
  again: () => void;
  onGiveUp: (move: Move) => Promise<void>;
}

export function Pending({ network, move, isMine, askedAt, again, onGiveUp }: Props) {
  const { misses, problem } = useLook(network, move, isMine, again);
  const left = useSecondsLeft(move.left_s, askedAt);
  const [busy, setBusy] = useState(false);
  const may = useMay("settings.write");
  const giveUp = () => {
    setBusy(true);
    void onGiveUp(move)
      .catch(tellOf)
      .finally(() => setBusy(false));
  };
  const { origin } = new URL(move.probe_url);
  const isForPeople = isMine && (!mayLook(move) || (origin.startsWith("https:") && misses > 0));
  return (
    <Alert
      color="indigo"
      icon={<IconArrowsExchange size={18} />}
      title={words.moving(move.old_address, move.new_address)}
    >
      <Stack gap={12}>
        <Text size="sm">{isMine ? words.looking(origin) : words.othersMove}</Text>
        {isForPeople ? <ForPeople network={network} move={move} origin={origin} /> : null}
        {problem === "" ? null : <ProblemNote error={new Error(problem)} />}
        <Progress value={(left / MOST_S) * 100} size="sm" aria-hidden />
        <Group gap={12}>
          <Text size="sm" className="figures" role="timer">
            {words.left(left)}
          </Text>
          {may ? (
            <Button variant="default" size="xs" loading={busy} onClick={giveUp}>
              {words.giveUp}
            </Button>
          ) : null}
        </Group>
      </Stack>
    </Alert>
  );
}

// Where the page cannot look, whoever sits before it can.
function ForPeople({ network, move, origin }: { network: Network; move: Move; origin: string }) {
  const [busy, setBusy] = useState(false);
  const keep = () => {
    setBusy(true);
    void keepUnseen(network, move)
      .catch(tellOf)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Text size="sm">{words.cannotLook}</Text>
      <Group gap={12}>
        <Anchor href={pageOf(origin, { move: move.switch_id })} target="_blank" rel="noreferrer" size="sm">
          {words.open}
        </Anchor>
        <Button variant="default" size="xs" loading={busy} onClick={keep}>
          {words.keep}
        </Button>
      </Group>
    </>
  );
}
