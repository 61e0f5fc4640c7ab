// One team: who is in it, what its keys may use, its limits, and what can be done.
import { Alert, Button } from "@mantine/core";
import {
  IconKey,
  IconLock,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconRestore,
  IconTrash,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import { useMay, useReach, useSession } from "@/api/session";
import { tagged } from "@/api/tagged";
import { Confirm } from "@/parts/confirm";
import { Time } from "@/parts/figure";
import { ProblemNote, tellOf } from "@/parts/problem";
import { type MadeKey, NewKeyDialog } from "@/snippets/new-key";
import { IdCell } from "@/table/id-cell";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";
import { CreateKey } from "./create-key";
import { ChooseUser } from "./fields";
import { Members } from "./members";
import { putMember, removeTeam, switchTeam, type Team, takeOut } from "./people";
import { TeamState } from "./person-state";
import { ScopeLimits } from "./scope-limits";
import { SubjectLinks } from "./subject-links";
import { EditTeam, ResetTeam } from "./team-form";

const words = access.teams;
type Doing = "" | "edit" | "reset" | "remove" | "key";

export function TeamPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const [doing, setDoing] = useState<Doing>("");
  const [made, setMade] = useState<MadeKey | null>(null);
  const asked = useQuery({
    queryKey: ["teams", "one", id],
    queryFn: () => tagged(api.GET("/api/v1/teams/{name_or_id}", { params: { path: { name_or_id: id } } })),
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
      about={shown ? <TeamState enabled={shown.enabled} /> : null}
      actions={shown && doing !== "edit" ? <Actions team={shown} onDo={setDoing} /> : null}
    >
      {asked.data && doing === "edit" ? (
        <EditTeam key={asked.data.etag} shown={asked.data} onReload={() => void asked.refetch()} onClose={rest} />
      ) : null}
      {shown && doing !== "edit" ? <Details team={shown} /> : null}
      {shown && doing === "reset" ? <ResetTeam name={shown.name} onClose={rest} /> : null}
      {shown && doing === "key" ? <CreateKey start={{ team: shown.name }} onClose={rest} onMade={setMade} /> : null}
      <Confirm
        opened={doing === "remove"}
        onClose={rest}
        title={words.removeTitle(shown?.name ?? "")}
        consequence={words.removeConsequence}
        verb={words.removeVerb}
        name={shown?.name ?? ""}
        onConfirm={() => removeTeam(id).then(onClose)}
      />
      <NewKeyDialog made={made} onClose={() => setMade(null)} />
    </SidePanel>
  );
}

// Whether whoever is signed in administers the team, or everything.
function useSteers(action: string, team: string): boolean {
  const reach = useReach(action);
  const { administers } = useSession();
  return reach === "all" || (reach === "team" && administers.includes(team));
}

function Actions({ team, onDo }: { team: Team; onDo: (doing: Doing) => void }) {
  const declared = team.origin !== "database";
  const mayWrite = useMay("teams.write") && !declared;
  const mayReset = useSteers("limits.reset", team.name);
  const mayMake = useSteers("keys.create", team.name);
  const toggle = () => void switchTeam(team, !team.enabled).catch(tellOf);
  return (
    <>
      {declared ? (
        <Alert color="gray" icon={<IconLock size={16} aria-hidden />} p={12} w="100%">
          {parts.readOnly(team.declared_at || access.origins[team.origin])}
        </Alert>
      ) : null}
      {mayMake ? (
        <Button variant="default" leftSection={<IconKey size={16} aria-hidden />} onClick={() => onDo("key")}>
          {words.createKey}
        </Button>
      ) : null}
      {mayReset ? (
        <Button variant="default" leftSection={<IconRestore size={16} aria-hidden />} onClick={() => onDo("reset")}>
          {words.reset}
        </Button>
      ) : null}
      {mayWrite ? (
        <>
          <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onDo("edit")}>
            {words.edit}
          </Button>
          <Button
            variant="default"
            leftSection={
              team.enabled ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />
            }
            onClick={toggle}
          >
            {team.enabled ? words.disable : words.enable}
          </Button>
          <Button
            variant="light"
            color="red"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => onDo("remove")}
          >
            {words.remove}
          </Button>
        </>
      ) : null}
    </>
  );
}

function Details({ team }: { team: Team }) {
  const seesMembers = useSteers("members.read", team.name);
  return (
    <>
      <Section title={words.facts}>
        <Facts
          facts={[
            [words.models, team.allowed_models.join(", ") || words.allModels],
            [words.created, team.created_at ? <Time key="created" at={team.created_at} /> : undefined],
            [access.keys.id, <IdCell key="id" id={team.id} />],
            [words.comment, team.comment || undefined],
          ]}
        />
      </Section>
      {seesMembers ? <TeamMembers team={team} /> : null}
      <ScopeLimits scope={`team:${team.name}`} />
      <SubjectLinks
        filter="team"
        value={team.name}
        keys={words.itsKeys}
        requests={words.itsRequests}
        usage={words.itsUsage}
      />
    </>
  );
}

// By its id: a name may have a slash in it.
function TeamMembers({ team }: { team: Team }) {
  const mayWrite = useSteers("members.write", team.name);
  const { data, error } = useQuery({
    queryKey: ["teams", "members", team.id],
    queryFn: () => told(api.GET("/api/v1/teams/{name_or_id}/members", { params: { path: { name_or_id: team.id } } })),
  });
  if (error) return <ProblemNote error={error} />;
  return (
    <Members
      title={words.membersTitle}
      none={words.noMembers}
      members={(data?.data ?? []).map((one) => ({ name: one.user, admin: one.admin, givenBy: one.given_by }))}
      mayWrite={mayWrite}
      removeWords={words.takeOut}
      onAdmin={(user, admin) => putMember(team.id, user, admin)}
      onRemove={(user) => takeOut(team.id, user)}
      chooser={(value, choose) => <ChooseUser label={words.addMember} value={value} onChange={choose} />}
      addVerb={words.addMember}
    />
  );
}
