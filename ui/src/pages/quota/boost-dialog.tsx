// A boost: an extra amount until a time.
import { Button, Chip, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { limitWords } from "@/format/limits";
import { tellDone } from "@/parts/done";
import { ProblemNote } from "@/parts/problem";
import { parts } from "@/texts/en/parts";
import { quota } from "@/texts/en/quota";
import { AmountInput } from "./amount-input";
import { amountOf, isBoosted, type Limit } from "./limit";

const words = quota.boost;
type Span = keyof typeof words.spans;

const SPANS_MS: Readonly<Partial<Record<Span, number>>> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 };

export function BoostDialog({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const resetsAt = limit.use?.resets_at ?? null;
  const [amount, setAmount] = useState<number | "">(isBoosted(limit) ? Number(limit.boost) : "");
  const [span, setSpan] = useState<Span>(resetsAt ? "reset" : "day");
  const [moment, setMoment] = useState("");
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const spans = (Object.keys(words.spans) as Span[]).filter((one) => one !== "reset" || resetsAt !== null);
  const until = untilOf(span, resetsAt, moment);

  const boost = async () => {
    if (amount === "" || until === null) return;
    setBusy(true);
    setError(null);
    const params = { path: { limit_id: limit.id } };
    const body = { amount: amountOf(limit.metric, amount), until, reason };
    try {
      await told(api.POST("/api/v1/limits/{limit_id}/boost", { params, body }));
      await stale("limits");
      tellDone(quota.actions.done.boosted);
      onClose();
    } catch (cause) {
      setError(cause);
      setBusy(false);
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": parts.close }}
      title={words.title(limitWords(limit))}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void boost();
        }}
      >
        <Stack gap={16}>
          <Text size="sm" c="dimmed">
            {words.about}
          </Text>
          <AmountInput label={words.amount} metric={limit.metric} value={amount} required onChange={setAmount} />
          <div>
            <Text size="sm" fw={600} mb={4} id="boost-until">
              {words.until}
            </Text>
            <Chip.Group value={span} onChange={(value) => setSpan(value as Span)}>
              <Group gap={8} role="radiogroup" aria-labelledby="boost-until">
                {spans.map((one) => (
                  <Chip key={one} value={one} size="sm">
                    {words.spans[one]}
                  </Chip>
                ))}
              </Group>
            </Chip.Group>
          </div>
          {span === "custom" ? (
            <TextInput
              type="datetime-local"
              label={words.moment}
              required
              value={moment}
              onChange={(event) => setMoment(event.currentTarget.value)}
            />
          ) : null}
          <TextInput
            label={words.reason}
            description={words.reasonHint}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {error === null ? null : <ProblemNote error={error} />}
          <Group justify="flex-end" gap={8}>
            <Button variant="default" onClick={onClose}>
              {parts.cancel}
            </Button>
            <Button type="submit" loading={busy} disabled={amount === "" || until === null}>
              {words.verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function untilOf(span: Span, resetsAt: string | null, moment: string): string | null {
  if (span === "reset") return resetsAt;
  const length = SPANS_MS[span];
  if (length !== undefined) return new Date(Date.now() + length).toISOString();
  const time = new Date(moment);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
