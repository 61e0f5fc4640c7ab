// Making a limit: for whom, what, at most how much, in which time, and what happens then.
import { Alert, Button, Group, List, Modal, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useReach } from "@/api/session";
import { limitWords, type Metric } from "@/format/limits";
import { tellDone } from "@/parts/done";
import { ProblemNote } from "@/parts/problem";
import { limits } from "@/texts/en/limits";
import { parts } from "@/texts/en/parts";
import { quota } from "@/texts/en/quota";
import { AmountInput } from "./amount-input";
import { scopeWords } from "./limit";
import { begins, bodyOf, type Draft, isComplete, NEW, needsSubject, scopeOf, type Whom } from "./limit-draft";
import { SubjectField } from "./subject-field";
import { WindowFields } from "./window-fields";

const words = quota.create;

export function CreateLimit({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState(NEW);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [warnings, setWarnings] = useState<string[]>([]);
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const create = async () => {
    setBusy(true);
    setError(null);
    try {
      const made = await told(api.POST("/api/v1/limits", { body: bodyOf(draft) }));
      await stale("limits", "keys");
      tellDone(words.made(limitWords(made), scopeWords(made.scope)));
      if (made.warnings.length === 0) onClose();
      else setWarnings(made.warnings);
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": parts.close }} title={words.title} size={520}>
      {warnings.length > 0 ? (
        <Warnings warnings={warnings} onClose={onClose} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void create();
          }}
        >
          <Stack gap={16}>
            <Fields draft={draft} onChange={change} />
            {error === null ? null : <ProblemNote error={error} />}
            <Group justify="flex-end" gap={8}>
              <Button variant="default" onClick={onClose}>
                {parts.cancel}
              </Button>
              <Button type="submit" loading={busy} disabled={!isComplete(draft)}>
                {words.verb}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

interface FieldsProps {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
}

const METRICS = Object.entries(limits.metrics).map(([value, label]) => ({ value, label }));
const MODES = Object.entries(words.modes).map(([value, label]) => ({ value, label }));

function Fields({ draft, onChange }: FieldsProps) {
  const { metric, whom } = draft;
  return (
    <>
      <Group gap={12} align="flex-start" grow preventGrowOverflow={false}>
        <Select
          label={words.kind}
          data={useWhom()}
          allowDeselect={false}
          value={whom}
          onChange={(value) => value !== null && onChange({ whom: value as Whom, subject: "" })}
        />
        {needsSubject(whom) ? (
          <SubjectField
            kind={whom as keyof typeof words.subject}
            value={draft.subject}
            onChange={(subject) => onChange({ subject })}
          />
        ) : null}
      </Group>
      <Group gap={12} align="flex-start" grow>
        <AmountInput
          label={words.amount}
          metric={metric}
          value={draft.amount}
          required
          onChange={(amount) => onChange({ amount })}
        />
        <Select
          label={words.metric}
          data={METRICS}
          allowDeselect={false}
          value={metric}
          onChange={(value) => value !== null && onChange({ metric: value as Metric })}
        />
      </Group>
      {metric === "concurrency" ? null : <WindowFields draft={draft} onChange={onChange} />}
      <div>
        <Text size="sm" fw={600} mb={4} id="limit-mode">
          {words.mode}
        </Text>
        <SegmentedControl
          aria-labelledby="limit-mode"
          data={MODES}
          value={draft.mode}
          onChange={(mode) => onChange({ mode: mode === "soft" ? "soft" : "hard" })}
        />
        <Text size="xs" c="dimmed" mt={4}>
          {quota.modeHints[draft.mode]}
        </Text>
      </div>
      {metric !== "concurrency" && begins(draft.window) ? (
        <AmountInput
          label={words.carryOver}
          description={words.carryOverHint}
          metric={metric}
          value={draft.carryOver}
          onChange={(carryOver) => onChange({ carryOver })}
        />
      ) : null}
      <TextInput
        label={words.comment}
        value={draft.comment}
        onChange={(event) => onChange({ comment: event.currentTarget.value })}
      />
      {isComplete(draft) ? (
        <Text size="sm" c="dimmed" role="status">
          {`${scopeWords(scopeOf(draft))}: ${limitWords({ ...bodyOf(draft), metric, window: bodyOf(draft).window ?? "" })}`}
        </Text>
      ) : null}
    </>
  );
}

// Whom one may limit: those who reach no further than their keys limit keys.
function useWhom() {
  const reach = useReach("limits.write");
  if (reach === "children" || reach === "own") return [{ value: "key", label: quota.scopes.key }];
  const kinds = Object.entries(quota.scopes).map(([value, label]) => ({ value, label }));
  if (reach === "team") return kinds.filter(({ value }) => value === "key");
  return [...kinds, ...Object.entries(quota.each).map(([value, label]) => ({ value: `each-${value}`, label }))];
}

function Warnings({ warnings, onClose }: { warnings: readonly string[]; onClose: () => void }) {
  return (
    <Stack gap={16}>
      <Alert variant="default" icon={<IconInfoCircle size={18} color="var(--soon)" />} title={words.warnings}>
        <List size="sm">
          {warnings.map((one) => (
            <List.Item key={one}>{one}</List.Item>
          ))}
        </List>
      </Alert>
      <Group justify="flex-end">
        <Button onClick={onClose}>{words.close}</Button>
      </Group>
    </Stack>
  );
}
