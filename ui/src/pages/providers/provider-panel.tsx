// One provider in detail: how it is, its models, its keys as hints, what is left alone, and how it is asked.
import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconPencil, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { useMay } from "@/api/session";
import { duration, percent } from "@/format/figures";
import { Confirm } from "@/parts/confirm";
import { Copy } from "@/parts/copy";
import { tellDone } from "@/parts/done";
import { Time } from "@/parts/figure";
import { tellOf } from "@/parts/problem";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { parts } from "@/texts/en/parts";
import { providers as words } from "@/texts/en/providers";
import { idOf, isManaged, type Provider, refreshProvider, removeProvider, undoSwitch } from "./provider";
import { EnabledSwitch, From, Status } from "./provider-cells";
import { Conduct, Cooling, Credentials, Models } from "./provider-sections";

interface Props {
  id: string;
  rows: readonly Provider[];
  isLoading: boolean;
  onClose: () => void;
  onEdit: (name: string) => void;
}

export function ProviderPanel({ id, rows, isLoading, onClose, onEdit }: Props) {
  const row = rows.find((one) => idOf(one) === id);
  if (row === undefined) {
    const gone = new ApiError({ status: 404, code: "", title: "", detail: words.gone(id) });
    return (
      <SidePanel title={id} onClose={onClose} isLoading={isLoading} error={isLoading ? null : gone}>
        {null}
      </SidePanel>
    );
  }
  return (
    <SidePanel
      title={row.name}
      about={<About row={row} />}
      actions={<Actions row={row} onEdit={onEdit} onClose={onClose} />}
      onClose={onClose}
    >
      {row.problem ? (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} title={words.problem}>
          {row.problem}
        </Alert>
      ) : null}
      <Condition row={row} />
      <Models row={row} />
      <Credentials row={row} />
      <Cooling row={row} />
      <Conduct row={row} />
    </SidePanel>
  );
}

function About({ row }: { row: Provider }) {
  const may = useMay("providers.write");
  return (
    <Group gap={12} w="100%">
      <Status row={row} />
      <From row={row} />
      <EnabledSwitch row={row} />
      {row.overridden ? (
        <Text size="xs" c="dimmed" flex={1}>
          {words.overriddenHint(row.declared_at || words.origins[row.origin])}{" "}
          {may ? (
            <Button size="compact-xs" variant="subtle" onClick={() => void undoSwitch(row.name).catch(tellOf)}>
              {words.undoSwitch}
            </Button>
          ) : null}
        </Text>
      ) : null}
    </Group>
  );
}

function Actions({ row, onEdit, onClose }: { row: Provider; onEdit: (name: string) => void; onClose: () => void }) {
  const may = useMay("providers.write");
  const [removing, setRemoving] = useState(false);
  const [busy, setBusy] = useState(false);
  const refresh = async () => {
    setBusy(true);
    try {
      const trial = await refreshProvider(row.name);
      tellDone(trial.ok ? words.refreshed(row.name, trial.model_count) : words.refreshFailed(row.name, trial.error));
    } catch (error) {
      tellOf(error);
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    await removeProvider(row.name);
    onClose();
    tellDone(words.removed(row.name));
  };
  if (!may) return null;
  return (
    <>
      {row.shadowed ? null : (
        <Button
          variant="default"
          size="xs"
          loading={busy}
          leftSection={<IconRefresh size={14} aria-hidden />}
          onClick={() => void refresh()}
        >
          {words.refresh}
        </Button>
      )}
      {isManaged(row) ? (
        <>
          {row.shadowed ? null : (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconPencil size={14} aria-hidden />}
              onClick={() => onEdit(row.name)}
            >
              {words.edit}
            </Button>
          )}
          <Button
            variant="default"
            size="xs"
            c="var(--stopped)"
            leftSection={<IconTrash size={14} aria-hidden />}
            onClick={() => setRemoving(true)}
          >
            {words.remove}
          </Button>
        </>
      ) : row.declared_at ? (
        <Text size="xs" c="dimmed">
          {parts.readOnly(row.declared_at)}
        </Text>
      ) : null}
      <Confirm
        opened={removing}
        title={words.removeTitle(row.name)}
        consequence={words.removeConsequence(row.name, row.models.length)}
        verb={words.removeVerb}
        name={row.name}
        onClose={() => setRemoving(false)}
        onConfirm={remove}
      />
    </>
  );
}

function Condition({ row }: { row: Provider }) {
  const { condition } = row;
  return (
    <Section title={words.sections.about}>
      <Facts
        facts={[
          [words.facts.kind, row.kind],
          [words.facts.address, <Address key="address" url={row.base_url} />],
          [words.facts.declaredAt, row.declared_at || undefined],
          [words.facts.response, condition.response_ms ? duration(condition.response_ms) : undefined],
          [words.facts.checked, <Time key="checked" at={condition.checked_at} />],
          [words.facts.next, condition.next_check_at ? <Time key="next" at={condition.next_check_at} /> : undefined],
          [words.facts.quota, condition.quota_left === null ? undefined : percent(condition.quota_left)],
          [words.facts.comment, row.comment || undefined],
          [words.facts.created, row.created_at ? <Time key="made" at={row.created_at} /> : undefined],
          [words.facts.changed, row.changed_at ? <Time key="changed" at={row.changed_at} /> : undefined],
        ]}
      />
    </Section>
  );
}

function Address({ url }: { url: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Text size="sm" className="mono" style={{ overflowWrap: "anywhere" }}>
        {url}
      </Text>
      <Copy text={url} what={words.facts.address} />
    </Group>
  );
}
