// Whether the sums that are shown are those of the requests: asked by a button, because it is work for the server.
import { Alert, Button, List, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconChecklist, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { count } from "@/format/figures";
import { ProblemNote } from "@/parts/problem";
import { usage as words } from "@/texts/en/usage";

type Verification = components["schemas"]["Verification"];

const TOLD = 5;
const LOOKS = {
  ok: ["var(--ok)", IconCircleCheck],
  wrong: ["var(--stopped)", IconCircleX],
  unfinished: ["var(--soon)", IconAlertTriangle],
} as const;

export function useBooks() {
  const [closed, close] = useState(false);
  const check = useMutation({
    mutationFn: () => told(api.GET("/api/v1/ledger/verify")),
    onMutate: () => close(false),
  });
  return {
    check: () => check.mutate(),
    isChecking: check.isPending,
    error: check.error,
    closed,
    close,
    found: check.data,
  };
}

type Books = ReturnType<typeof useBooks>;

export function CheckButton({ books }: { books: Books }) {
  return (
    <Tooltip label={words.checkHint}>
      <Button
        variant="default"
        leftSection={<IconChecklist size={16} aria-hidden />}
        loading={books.isChecking}
        onClick={books.check}
      >
        {words.check}
      </Button>
    </Tooltip>
  );
}

export function Checked({ books }: { books: Books }) {
  if (books.closed) return null;
  if (books.error) return <ProblemNote error={books.error} onRetry={books.check} />;
  if (books.found === undefined) return null;
  return <Finding found={books.found} onClose={() => books.close(true)} />;
}

function Finding({ found, onClose }: { found: Verification; onClose: () => void }) {
  const state = found.count > 0 ? "wrong" : found.ok ? "ok" : "unfinished";
  const [colour, Picture] = LOOKS[state];
  return (
    <Alert
      role="status"
      mb={16}
      variant="default"
      icon={<Picture size={18} color={colour} aria-hidden />}
      title={words.checked[state]}
      withCloseButton
      closeButtonLabel={words.closeCheck}
      onClose={onClose}
    >
      {sentenceOf(found)}
      {found.count > 0 ? <Differences found={found} /> : null}
      {found.unpriced_rows > 0 ? ` ${words.checked.unpriced(count(found.unpriced_rows))}` : null}
    </Alert>
  );
}

function Differences({ found }: { found: Verification }) {
  return (
    <>
      <List size="sm" my={8}>
        {found.differences.slice(0, TOLD).map((one) => (
          <List.Item key={`${one.table}${one.subject}${one.field}`}>
            {words.checked.difference(one.subject, one.field, String(one.kept), String(one.counted))}
          </List.Item>
        ))}
      </List>
      {words.checked.repair}
    </>
  );
}

function sentenceOf(found: Verification): string {
  if (found.count > 0) return words.checked.wrongText(count(found.count));
  if (!found.complete) return words.checked.unfinishedText(count(found.rows));
  return words.checked.okText(count(found.rows), found.days);
}
