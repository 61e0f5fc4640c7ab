// One alias: where it leads in each profile, how requests to it are carried, and what can be done with it.
import { Alert, Badge, Button, Group, List, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowRight,
  IconLock,
  IconPencil,
  IconPlayerPlay,
  IconRouteSquare,
  IconTrash,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/session";
import { duration } from "@/format/figures";
import { Confirm } from "@/parts/confirm";
import { tellDone } from "@/parts/done";
import { Time } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { aliases } from "@/texts/en/aliases";
import { parts } from "@/texts/en/parts";
import {
  type Alias,
  type AliasList,
  countingProfile,
  profilesOf,
  removeAlias,
  scopeWords,
  selectionWords,
  useAlias,
} from "./alias";
import { AliasState, lightWords } from "./alias-columns";
import { EditAlias } from "./alias-form";
import classes from "./models.module.css";
import { useMayChange } from "./scope-fields";

const words = aliases.panel;
type Doing = "" | "edit" | "remove";

interface Props {
  name: string;
  scope: string;
  list: AliasList | undefined;
  onClose: () => void;
}

export function AliasPanel({ name, scope, list, onClose }: Props) {
  const [doing, setDoing] = useState<Doing>("");
  const [isGone, setGone] = useState(false);
  // What is being edited must not change under the hands, and what is removed is not asked for again.
  const asked = useAlias(name, scope, doing === "" && !isGone);
  const alias = asked.data?.value;
  const remove = async () => {
    if (asked.data === undefined) return;
    const again = await removeAlias(asked.data.value, asked.data.etag);
    setGone(true);
    onClose();
    tellDone(words.removed(name), again);
  };
  return (
    <SidePanel
      title={<Foreign text={name} />}
      about={alias ? <About alias={alias} /> : null}
      actions={alias ? <Actions alias={alias} onDo={setDoing} /> : null}
      onClose={onClose}
      isLoading={asked.isPending}
      error={asked.error}
      onRetry={() => void asked.refetch()}
    >
      {alias ? <Details alias={alias} active={list?.active_model_profile ?? ""} /> : null}
      {asked.data && doing === "edit" ? (
        <EditAlias
          key={asked.data.etag}
          seen={asked.data}
          profiles={list?.profiles ?? []}
          onReload={() => void asked.refetch()}
          onClose={() => setDoing("")}
        />
      ) : null}
      <Confirm
        opened={doing === "remove"}
        title={words.removeTitle(name)}
        consequence={words.removeConsequence(name)}
        verb={words.removeVerb}
        onClose={() => setDoing("")}
        onConfirm={remove}
      />
    </SidePanel>
  );
}

function About({ alias }: { alias: Alias }) {
  return (
    <>
      <AliasState alias={alias} />
      <Badge variant="default" radius="sm" fw={500}>
        <Foreign text={scopeWords(alias.scope)} />
      </Badge>
    </>
  );
}

function Actions({ alias, onDo }: { alias: Alias; onDo: (what: Doing) => void }) {
  const mayChange = useMayChange(alias.scope);
  const mayAsk = useMay("keys.create");
  const isPattern = alias.name.includes("*");
  return (
    <>
      {alias.origin === "file" ? (
        <Alert color="gray" icon={<IconLock size={16} aria-hidden />} p={12} w="100%">
          {parts.readOnly(alias.declared_at)}
        </Alert>
      ) : mayChange ? (
        <>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPencil size={14} aria-hidden />}
            onClick={() => onDo("edit")}
          >
            {words.edit}
          </Button>
          <Button
            variant="default"
            size="xs"
            c="var(--stopped)"
            leftSection={<IconTrash size={14} aria-hidden />}
            onClick={() => onDo("remove")}
          >
            {words.remove}
          </Button>
        </>
      ) : null}
      {isPattern ? null : (
        <>
          <Button
            component={Link}
            {...{ to: "." as never, search: { tab: "explain", model: alias.name } as never }}
            variant="default"
            size="xs"
            leftSection={<IconRouteSquare size={14} aria-hidden />}
          >
            {words.explain}
          </Button>
          {mayAsk && alias.problem === "" ? (
            <Button
              component={Link}
              {...{ to: "/playground" as never, search: { model: alias.name } as never }}
              variant="default"
              size="xs"
              leftSection={<IconPlayerPlay size={14} aria-hidden />}
            >
              {words.ask}
            </Button>
          ) : null}
        </>
      )}
    </>
  );
}

function Details({ alias, active }: { alias: Alias; active: string }) {
  const facts = words.facts;
  const conduct = conductWords(alias);
  return (
    <>
      {alias.shadowed ? (
        <Alert color="yellow" icon={<IconAlertTriangle size={18} />}>
          {words.shadowed(alias.declared_at)}
        </Alert>
      ) : alias.problem ? (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} title={words.problem}>
          <Foreign text={alias.problem} />
        </Alert>
      ) : null}
      <Section title={words.targets}>
        {profilesOf(alias).map((profile) => (
          <Targets key={profile} alias={alias} profile={profile} counts={countingProfile(alias, active) === profile} />
        ))}
      </Section>
      <Section title={words.conduct}>
        <Facts
          facts={[
            [facts.selection, selectionWords(alias.selection)],
            [facts.fallback, alias.fallback ? <Foreign key="fallback" text={alias.fallback} /> : undefined],
            [facts.light, alias.use_light_model ? <Foreign key="light" text={lightWords(alias)} /> : undefined],
            [facts.comment, alias.comment ? <Foreign key="comment" text={alias.comment} /> : undefined],
            [facts.created, alias.created_at ? <Time key="created" at={alias.created_at} /> : undefined],
          ]}
        />
        {conduct.length === 0 ? (
          <Text size="sm" c="dimmed" mt={8}>
            {facts.usual}
          </Text>
        ) : (
          <List size="sm" mt={8}>
            {conduct.map((one) => (
              <List.Item key={one}>{one}</List.Item>
            ))}
          </List>
        )}
      </Section>
    </>
  );
}

function Targets({ alias, profile, counts }: { alias: Alias; profile: string; counts: boolean }) {
  const targets = alias.targets.filter((target) => target.profile === profile);
  const isWeighed = new Set(targets.map((target) => target.weight)).size > 1 || alias.selection === "weighted";
  return (
    <div className={classes.profile} data-counts={counts || undefined}>
      <Group gap={8} mb={4}>
        <Text size="xs" c="dimmed">
          {words.targetsOf(profile)}
        </Text>
        {counts ? (
          <Badge size="sm" variant="light" radius="sm" fw={500}>
            {words.active}
          </Badge>
        ) : null}
      </Group>
      {targets.map((target, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a target may stand twice, and they are in their order.
        <div key={index} className={classes.place}>
          {alias.selection === "ordered" ? (
            <Text size="xs" c="dimmed" component="span" className="figures">
              {index + 1}
            </Text>
          ) : (
            <IconArrowRight size={14} aria-hidden />
          )}
          <Foreign text={target.target} />
          {isWeighed ? (
            <Text size="xs" c="dimmed" component="span" className="figures">
              {words.weight(target.weight)}
            </Text>
          ) : (
            <span />
          )}
        </div>
      ))}
    </div>
  );
}

// What is not as usual, in sentences.
function conductWords(alias: Alias): string[] {
  const said = aliases.conduct;
  const seconds = (value: number) => duration(value * 1000);
  const after = alias.hedge_after_s > 0 ? said.saidAfter(seconds(alias.hedge_after_s)) : said.saidHedgeUsual;
  return [
    alias.sticky ? "" : said.notSticky,
    alias.hedge ? said.saidHedge(after, alias.hedge_percent) : "",
    alias.deadline_s > 0 ? said.saidDeadline(seconds(alias.deadline_s)) : "",
    alias.min_tokens_per_s > 0 ? said.saidSlow(alias.min_tokens_per_s, seconds(alias.probe_s)) : "",
    alias.continue_streams ? said.continueStreams : "",
    alias.refused_elsewhere ? said.refusedElsewhere : "",
  ].filter((one) => one !== "");
}
