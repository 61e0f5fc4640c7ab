// A button that copies a text, and says that it has.
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { type MouseEvent, useEffect, useState } from "react";
import { parts as words } from "@/texts/en/parts";
import { copyText } from "./clipboard";

interface Props {
  text: string;
  // What is copied, for those who do not see the icon.
  what?: string;
  labelled?: boolean;
}

const TOLD_MS = 1500;

export function Copy({ text, what, labelled = false }: Props) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const over = window.setTimeout(() => setCopied(false), TOLD_MS);
    return () => window.clearTimeout(over);
  }, [copied]);

  const copy = (event: MouseEvent<HTMLElement>) => void copyText(text, event.currentTarget).then(setCopied);
  const picture = copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />;
  const word = copied ? words.copied : words.copy;
  return labelled ? (
    <Button variant="default" onClick={copy} leftSection={picture}>
      {word}
    </Button>
  ) : (
    <Tooltip label={word}>
      <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={what ? `${word}: ${what}` : word}>
        {picture}
      </ActionIcon>
    </Tooltip>
  );
}
