// The link by which somebody comes in: told once.
import { api, told } from "@/api/client";
import { access } from "@/texts/en/access";
import type { Told } from "./link-dialog";
import type { Person } from "./people";

const words = access.people;

export function hasPassword(person: Person): boolean {
  return person.signs_in_with.includes("password");
}

// Somebody without a password is invited; somebody who has one gets a link for another.
export async function makeLink(person: Person): Promise<Told> {
  const params = { path: { user: person.id } };
  const again = hasPassword(person);
  const link = again
    ? await told(api.POST("/api/v1/users/{user}/password-link", { params }))
    : await told(api.POST("/api/v1/users/{user}/invitation", { params }));
  const title = again ? words.passwordTitle(person.name) : words.inviteTitle(person.name);
  return { title, label: words.link, hint: words.linkHint, text: link.url, until: link.expires_at };
}
