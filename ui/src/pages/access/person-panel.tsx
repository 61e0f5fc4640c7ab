// One person: who they are, their teams, how they sign in, their limits, and what can be done.
import { Button } from "@mantine/core";
import { IconKey, IconLink, IconPencil, IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { tagged } from "@/api/tagged";
import { Confirm } from "@/parts/confirm";
import { Time } from "@/parts/figure";
import { tellOf } from "@/parts/problem";
import { type MadeKey, NewKeyDialog } from "@/snippets/new-key";
import { IdCell } from "@/table/id-cell";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { access } from "@/texts/en/access";
import { CreateKey } from "./create-key";
import { ChooseTeam } from "./fields";
import { type Told, ToldDialog } from "./link-dialog";
import { Members } from "./members";
import { type Person, putMember, removePerson, switchPerson, takeOut } from "./people";
import { EditPerson } from "./person-form";
import { hasPassword, makeLink } from "./person-link";
import { PersonState } from "./person-state";
import { ScopeLimits } from "./scope-limits";
import { Sessions } from "./sessions";
import { SubjectLinks } from "./subject-links";

const words = access.people;
type Doing = "" | "edit" | "remove" | "key";

export function PersonPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const [doing, setDoing] = useState<Doing>("");
  const [link, setLink] = useState<Told | null>(null);
  const [made, setMade] = useState<MadeKey | null>(null);
  const asked = useQuery({
    queryKey: ["users", "one", id],
    queryFn: () => tagged(api.GET("/api/v1/users/{name_or_id}", { params: { path: { name_or_id: id } } })),
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
      about={shown ? <PersonState person={shown} /> : null}
      actions={shown && doing !== "edit" ? <Actions person={shown} onDo={setDoing} onLink={setLink} /> : null}
    >
      {asked.data && doing === "edit" ? (
        <EditPerson key={asked.data.etag} shown={asked.data} onReload={() => void asked.refetch()} onClose={rest} />
      ) : null}
      {shown && doing !== "edit" ? <Details person={shown} /> : null}
      {shown && doing === "key" ? <CreateKey start={{ user: shown.name }} onClose={rest} onMade={setMade} /> : null}
      <Confirm
        opened={doing === "remove"}
        onClose={rest}
        title={words.removeTitle(shown?.name ?? "")}
        consequence={words.removeConsequence}
        verb={words.removeVerb}
        name={shown?.name ?? ""}
        onConfirm={() => removePerson(id).then(onClose)}
      />
      <ToldDialog told={link} onClose={() => setLink(null)} />
      <NewKeyDialog made={made} onClose={() => setMade(null)} />
    </SidePanel>
  );
}

interface ActionsProps {
  person: Person;
  onDo: (doing: Doing) => void;
  onLink: (link: Told) => void;
}

function Actions({ person, onDo, onLink }: ActionsProps) {
  const mayWrite = useMay("users.write");
  const mayLink = useMay("users.access");
  const mayMake = useMay("keys.create");
  const toggle = () => void switchPerson(person, !person.enabled).catch(tellOf);
  return (
    <>
      {mayLink && person.enabled ? (
        <Button
          variant="default"
          leftSection={<IconLink size={16} aria-hidden />}
          onClick={() => void makeLink(person).then(onLink).catch(tellOf)}
        >
          {hasPassword(person) ? words.passwordLink : words.invite}
        </Button>
      ) : null}
      {mayMake ? (
        <Button variant="default" leftSection={<IconKey size={16} aria-hidden />} onClick={() => onDo("key")}>
          {words.createKey}
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
              person.enabled ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />
            }
            onClick={toggle}
          >
            {person.enabled ? words.disable : words.enable}
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

function Details({ person }: { person: Person }) {
  const mayMembers = useMay("members.write");
  const mayAccess = useMay("users.access");
  const ways = person.signs_in_with.map((way) => (way === "password" ? words.ways.password : way));
  return (
    <>
      <Section title={words.facts}>
        <Facts
          facts={[
            [words.email, person.email ?? undefined],
            [words.role, words.roles[person.role]],
            [words.signsInWith, ways.join(", ") || words.nothingYet],
            [words.signedIn, <Time key="in" at={person.signed_in_at} />],
            [words.created, person.created_at ? <Time key="created" at={person.created_at} /> : undefined],
            [access.keys.id, <IdCell key="id" id={person.id} />],
            [words.comment, person.comment || undefined],
          ]}
        />
      </Section>
      <Members
        title={words.teamsTitle}
        none={words.noTeams}
        members={person.teams.map((one) => ({ name: one.team, admin: one.admin }))}
        mayWrite={mayMembers}
        removeWords={words.leave}
        onAdmin={(team, admin) => putMember(team, person.id, admin)}
        onRemove={(team) => takeOut(team, person.id)}
        chooser={(value, choose) => <ChooseTeam label={words.addTeam} value={value} onChange={choose} />}
        addVerb={words.addTeam}
      />
      <ScopeLimits scope={`user:${person.name}`} />
      {mayAccess ? <Sessions user={person.id} /> : null}
      <SubjectLinks
        filter="user"
        value={person.name}
        keys={words.theirKeys}
        requests={words.theirRequests}
        usage={words.theirUsage}
      />
    </>
  );
}
