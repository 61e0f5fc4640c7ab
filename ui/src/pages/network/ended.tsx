// What became of a move, in words, until somebody has read it.
import { Alert } from "@mantine/core";
import { IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import { moving as words } from "@/texts/en/moving";
import type { Network } from "./network";
import type { Ending } from "./use-move";

interface Props {
  ending: Ending;
  network: Network;
  onDismiss: () => void;
}

export function Ended({ ending, network, onDismiss }: Props) {
  const [title, message] = said(ending, network);
  const isKept = ending.kind === "kept";
  return (
    <Alert
      role="status"
      color={isKept ? "green" : ending.kind === "lost" ? "yellow" : "gray"}
      icon={isKept ? <IconCircleCheck size={18} /> : <IconInfoCircle size={18} />}
      title={title}
      withCloseButton
      closeButtonLabel={words.dismiss}
      onClose={onDismiss}
    >
      {message}
      {isKept ? <br /> : null}
      {isKept ? words.pointClients : null}
    </Alert>
  );
}

function said(ending: Ending, network: Network): [string, string] {
  switch (ending.kind) {
    case "kept": {
      const addresses = network.listeners.filter((one) => one.serves === "clients").map((one) => one.address);
      return [words.kept, words.keptAt(addresses.join(", "))];
    }
    case "lost":
      return [words.lost, words.lostWhy(new URL(ending.move.probe_url).origin)];
    case "given_up":
      return [words.lost, words.givenUp(ending.move.new_address)];
    case "ended":
      return [words.ended, words.endedHint];
  }
}
