// One key: what it is and may, its limits, the keys below it, and what can be done with it.
import { Alert, Anchor, Badge, Button, Group, Text } from "@mantine/core";
import { IconLock, IconPencil, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/api/client";
import { useMay } from "@/api/session";
import { type Tagged, tagged } from "@/api/tagged";
import { Time } from "@/parts/figure";
import { tellOf } from "@/parts/problem";
import type { MadeKey } from "@/snippets/new-key";
import { IdCell } from "@/table/id-cell";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";
import { EditKey } from "./edit-key";
import { switchKey } from "./key-actions";
import type { ShownKey } from "./key-draft";
import { KeyState } from "./key-state";
import { RevokeKeys } from "./revoke-keys";
import { RotateKey } from "./rotate-key";
import { ScopeLimits } from "./scope-limits";

const words = access.keys;

interface Props {
  id: string;
  onClose: () => void;
  onOpen: (id: string) => void;
  onMade: (made: MadeKey) => void;
}

export function KeyPanel({ id, onClose, onOpen, onMade }: Props) {
  const [doing, setDoing] = useState<"" | "edit" | "rotate" | "revoke">("");
  const asked = useQuery({
    queryKey: ["keys", "one", id],
    queryFn: () => tagged(api.GET("/api/v1/keys/{name_or_id}", { params: { path: { name_or_id: id } } })),
    // What is being edited must not change under the hands.
    enabled: doing !== "edit",
  });
  const shown = asked.data?.value;
  const rest = () => setDoing("");
  return (
    <SidePanel
      title={shown?.name ?? id}
      onClose={onClose}
      isLoading={asked.isLoading}
      error={asked.error}
      onRetry={() => void asked.refetch()}
      about={shown ? <About shown={shown} /> : null}
      actions={shown && doing !== "edit" ? <Actions shown={shown} onDo={setDoing} /> : null}
    >
      {asked.data && shown ? (
        doing === "edit" ? (
          <EditKey
            key={asked.data.etag}
            shown={asked.data}
            onReload={() => void asked.refetch()}
            onClose={() => {
              rest();
            }}
          />
        ) : (
          <Details asked={asked.data} onOpen={onOpen} />
        )
      ) : null}
      {asked.data && doing === "rotate" ? (
        <RotateKey shown={asked.data.value} etag={asked.data.etag} onClose={rest} onMade={onMade} />
      ) : null}
      {shown && doing === "revoke" ? <RevokeKeys keys={[shown]} onClose={rest} onRevoked={onClose} /> : null}
    </SidePanel>
  );
}

function About({ shown }: { shown: ShownKey }) {
  return (
    <>
      <KeyState shown={shown} />
      <Badge variant="default" radius="sm" tt="none" fw={500}>
        {access.roles[shown.role]}
      </Badge>
      {shown.temporary ? (
        <Badge variant="default" radius="sm" tt="none" fw={500}>
          {words.temporary}
        </Badge>
      ) : null}
    </>
  );
}

interface ActionsProps {
  shown: ShownKey;
  onDo: (what: "edit" | "rotate" | "revoke") => void;
}

function Actions({ shown, onDo }: ActionsProps) {
  const mayChange = useMay("keys.change");
  const mayRotate = useMay("keys.rotate");
  const mayRevoke = useMay("keys.revoke");
  if (shown.origin !== "database") {
    const where = shown.declared_at || access.origins[shown.origin];
    return (
      <Alert color="gray" icon={<IconLock size={16} aria-hidden />} p={12} w="100%">
        {parts.readOnly(where)}
      </Alert>
    );
  }
  const toggle = () => void switchKey(shown, !shown.enabled).catch(tellOf);
  return (
    <>
      {mayChange ? (
        <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onDo("edit")}>
          {words.edit}
        </Button>
      ) : null}
      {mayRotate ? (
        <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => onDo("rotate")}>
          {words.rotate}
        </Button>
      ) : null}
      {mayChange ? (
        <Button
          variant="default"
          leftSection={
            shown.enabled ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />
          }
          onClick={toggle}
        >
          {shown.enabled ? words.disable : words.enable}
        </Button>
      ) : null}
      {mayRevoke ? (
        <Button
          variant="light"
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => onDo("revoke")}
        >
          {words.revoke}
        </Button>
      ) : null}
    </>
  );
}

function Details({ asked, onOpen }: { asked: Tagged<ShownKey>; onOpen: (id: string) => void }) {
  const shown = asked.value;
  const list = (values: string[], none: string) => (values.length > 0 ? values.join(", ") : none);
  const said = (value: string) => value || undefined;
  return (
    <>
      <Section title={words.facts}>
        <Facts
          facts={[
            [words.owner, said(shown.user)],
            [words.team, said(shown.team)],
            [words.models, list(shown.allowed_models, words.allModels)],
            [words.ips, list(shown.allowed_ips, words.anywhere)],
            [words.expires, <Time key="expires" at={shown.expires_at} />],
            [words.previous, shown.previous_until ? <Time key="previous" at={shown.previous_until} /> : undefined],
            [
              words.hint,
              <span key="hint" className="mono">
                {shown.hint}
              </span>,
            ],
            [words.id, <IdCell key="id" id={shown.id} />],
            [words.created, shown.created_at ? <Time key="created" at={shown.created_at} /> : undefined],
            [words.comment, said(shown.comment)],
          ]}
        />
      </Section>
      <ScopeLimits scope={`key:${shown.name}`} />
      <Below id={shown.id} onOpen={onOpen} />
      <Group gap={16}>
        <Anchor component={Link} {...{ to: "/requests" as never, search: { key: shown.id } as never }} size="sm">
          {words.requests}
        </Anchor>
        <Anchor component={Link} {...{ to: "/usage" as never, search: { key: shown.id } as never }} size="sm">
          {words.usage}
        </Anchor>
      </Group>
    </>
  );
}

const SHOWN_BELOW = 20;

function Below({ id, onOpen }: { id: string; onOpen: (id: string) => void }) {
  const { data } = useQuery({
    queryKey: ["keys", "below", id],
    queryFn: () => told(api.GET("/api/v1/keys", { params: { query: { parent: id, limit: SHOWN_BELOW } } })),
  });
  if (data === undefined || data.data.length === 0) return null;
  return (
    <Section title={words.below}>
      {data.data.map((key) => (
        <Group key={key.id} justify="space-between" mih={32} wrap="nowrap">
          <Anchor component="button" type="button" size="sm" truncate onClick={() => onOpen(key.id)}>
            {key.name}
          </Anchor>
          <KeyState shown={key} />
        </Group>
      ))}
      {data.next ? (
        <Text size="sm">
          <Anchor component={Link} {...{ to: "." as never, search: { tab: "keys", parent: id } as never }}>
            {words.seeAllBelow}
          </Anchor>
        </Text>
      ) : null}
    </Section>
  );
}
