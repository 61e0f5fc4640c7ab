// What is asked of the server about people and teams, and told to it.
import { api, told } from "@/api/client";
import { forget, stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { ifMatch } from "@/api/tagged";
import { tellDone } from "@/parts/done";
import { access } from "@/texts/en/access";

export type Person = components["schemas"]["UserWithTeams"];
export type Team = components["schemas"]["ShownTeam"];
export type ListedPerson = components["schemas"]["ListedUser"];
export type ListedTeam = components["schemas"]["ListedTeam"];
export type PersonChange = components["schemas"]["ChangedPerson"];
export type TeamChange = components["schemas"]["ChangedTeam"];
export type PersonRole = Person["role"];

export async function changePerson(id: string, body: PersonChange, etag = ""): Promise<void> {
  await told(
    api.PATCH("/api/v1/users/{name_or_id}", { params: { path: { name_or_id: id }, header: ifMatch(etag) }, body }),
  );
  void stale("users", "keys");
}

export async function switchPerson({ id, name }: Pick<Person, "id" | "name">, enabled: boolean): Promise<void> {
  await changePerson(id, { enabled });
  const words = access.people;
  tellDone(enabled ? words.enabled(name) : words.disabled(name), () => changePerson(id, { enabled: !enabled }));
}

export async function removePerson(id: string): Promise<void> {
  await told(api.DELETE("/api/v1/users/{name_or_id}", { params: { path: { name_or_id: id } } }));
  forget(id);
  void stale("users", "teams", "keys");
}

export async function changeTeam(id: string, body: TeamChange, etag = ""): Promise<void> {
  await told(
    api.PATCH("/api/v1/teams/{name_or_id}", { params: { path: { name_or_id: id }, header: ifMatch(etag) }, body }),
  );
  void stale("teams", "keys");
}

export async function switchTeam({ id, name }: Pick<Team, "id" | "name">, enabled: boolean): Promise<void> {
  await changeTeam(id, { enabled });
  const words = access.teams;
  tellDone(enabled ? words.enabled(name) : words.disabled(name), () => changeTeam(id, { enabled: !enabled }));
}

export async function removeTeam(id: string): Promise<void> {
  await told(api.DELETE("/api/v1/teams/{name_or_id}", { params: { path: { name_or_id: id } } }));
  forget(id);
  void stale("users", "teams", "keys");
}

// Lets somebody be in a team, as its admin or not.
export async function putMember(team: string, user: string, admin: boolean): Promise<void> {
  const path = { name_or_id: team, user };
  await told(api.PUT("/api/v1/teams/{name_or_id}/members/{user}", { params: { path }, body: { admin } }));
  void stale("teams", "users");
}

export async function takeOut(team: string, user: string): Promise<void> {
  const path = { name_or_id: team, user };
  await told(api.DELETE("/api/v1/teams/{name_or_id}/members/{user}", { params: { path } }));
  void stale("teams", "users");
}
