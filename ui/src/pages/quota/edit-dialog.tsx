// Changing a limit: amount, what a window takes over, comment. Scope, metric and window make a limit what it is.
import { Button, Group, Modal, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { ifMatch, isConflict, tagged } from "@/api/tagged";
import { limitWords } from "@/format/limits";
import { tellDone } from "@/parts/done";
import { ProblemNote } from "@/parts/problem";
import { parts } from "@/texts/en/parts";
import { quota } from "@/texts/en/quota";
import { AmountInput } from "./amount-input";
import { amountOf, type Limit } from "./limit";

const words = quota.edit;

export function EditDialog({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const asked = useQuery({
    queryKey: ["limits", "edit", limit.id],
    queryFn: () => tagged(api.GET("/api/v1/limits/{limit_id}", { params: { path: { limit_id: limit.id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": parts.close }}
      title={words.title(limitWords(limit))}
    >
      {asked.error ? <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} /> : null}
      {asked.data === undefined ? (
        <Skeleton h={220} />
      ) : (
        <Form limit={{ ...limit, ...asked.data.value }} etag={asked.data.etag} onClose={onClose} />
      )}
    </Modal>
  );
}

function Form({ limit, etag, onClose }: { limit: Limit; etag: string; onClose: () => void }) {
  const { metric } = limit;
  const [amount, setAmount] = useState<number | "">(Number(limit.amount));
  const [carryOver, setCarryOver] = useState<number | "">(Number(limit.carry_over));
  const [comment, setComment] = useState(limit.comment);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    if (amount === "") return;
    setBusy(true);
    setError(null);
    const params = { path: { limit_id: limit.id }, header: ifMatch(etag) };
    const takesOver = (carryOver || 0) !== Number(limit.carry_over);
    const body = {
      amount: amountOf(metric, amount),
      ...(takesOver ? { carry_over: amountOf(metric, carryOver || 0) } : {}),
      comment,
    };
    try {
      await told(api.PATCH("/api/v1/limits/{limit_id}", { params, body }));
      await stale("limits", "keys");
      tellDone(quota.actions.done.edited);
      onClose();
    } catch (cause) {
      setError(cause);
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack gap={16}>
        <AmountInput label={quota.create.amount} metric={metric} value={amount} required onChange={setAmount} />
        <AmountInput
          label={quota.create.carryOver}
          description={quota.create.carryOverHint}
          metric={metric}
          value={carryOver}
          onChange={setCarryOver}
        />
        <TextInput
          label={quota.create.comment}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        {isConflict(error) ? <Text size="sm">{quota.actions.conflict}</Text> : null}
        {error === null ? null : <ProblemNote error={error} />}
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={onClose}>
            {parts.cancel}
          </Button>
          <Button type="submit" loading={busy} disabled={amount === ""}>
            {words.verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
