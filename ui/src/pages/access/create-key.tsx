// Making a key: who it is for, what it may, what holds it. What is offered is what whoever makes it may give.
import { Input, NativeSelect, SimpleGrid, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useMay, useReach, useSession } from "@/api/session";
import { reasonOf, tellOf } from "@/parts/problem";
import type { MadeKey } from "@/snippets/new-key";
import { access } from "@/texts/en/access";
import { ChooseKey, ChooseTeam, ChooseUser } from "./fields";
import { FormDialog } from "./form-dialog";
import { EMPTY_DRAFT, type KeyDraft, newKeyBody, type Role } from "./key-draft";
import { PrivilegeFields, RightsFields } from "./key-fields";
import { LimitRows, limitBody } from "./limit-rows";

const words = access.form;
const ROLES = Object.keys(access.roles).reverse() as Role[];

interface Props {
  // What is already known of it: the team or the key that it is made for.
  start?: Partial<KeyDraft>;
  onClose: () => void;
  onMade: (made: MadeKey) => void;
}

export function CreateKey({ start, onClose, onMade }: Props) {
  const [draft, setDraft] = useState<KeyDraft>({ ...EMPTY_DRAFT, ...start });
  const mayLimit = useMay("limits.write");
  const change: Change = (changes) => setDraft((before) => ({ ...before, ...changes }));
  return (
    <FormDialog
      title={words.createTitle}
      size="lg"
      verb={words.create}
      disabled={draft.name.trim() === ""}
      onClose={onClose}
      onSubmit={() => makeKey(draft).then(onMade)}
    >
      <TextInput
        label={words.name}
        description={words.nameHint}
        value={draft.name}
        required
        data-autofocus
        autoComplete="off"
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <Owner draft={draft} change={change} />
      <RightsFields rights={draft} onChange={change} temporary />
      {mayLimit ? (
        <Input.Wrapper label={words.limits} description={words.limitsHint}>
          <LimitRows rows={draft.limits} onChange={(limits) => change({ limits })} />
        </Input.Wrapper>
      ) : null}
      <PrivilegeFields rights={draft} onChange={change} />
    </FormDialog>
  );
}

type Change = (changes: Partial<KeyDraft>) => void;

// Whom it is charged to. A member's keys are their own; a team admin's are of a team of theirs.
function Owner({ draft, change }: { draft: KeyDraft; change: Change }) {
  const reach = useReach("keys.create");
  const session = useSession();
  const below = draft.parent !== "";
  if (reach === "own" || reach === "children") {
    return session.teams.length > 1 ? (
      <NativeSelect
        label={words.team}
        value={draft.team}
        onChange={(event) => change({ team: event.currentTarget.value })}
        data={["", ...session.teams]}
      />
    ) : null;
  }
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={12}>
        <ChooseUser
          label={words.owner}
          placeholder={words.nobody}
          value={draft.user}
          onChange={(user) => change({ user })}
          disabled={below}
        />
        <ChooseTeam
          label={words.team}
          placeholder={words.noTeam}
          value={draft.team}
          onChange={(team) => change({ team })}
          disabled={below}
        />
      </SimpleGrid>
      {reach === "all" ? (
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={12}>
          <NativeSelect
            label={words.role}
            value={draft.role}
            onChange={(event) => change({ role: event.currentTarget.value as Role })}
            data={ROLES.map((value) => ({ value, label: `${access.roles[value]}: ${access.roleHints[value]}` }))}
          />
          <ChooseKey
            label={words.parent}
            placeholder={words.noParent}
            value={draft.parent}
            onChange={(parent) => change({ parent })}
          />
        </SimpleGrid>
      ) : null}
    </>
  );
}

// The key first, then its limits: a limit that cannot be made is told, and the key is shown all the same.
async function makeKey(draft: KeyDraft): Promise<MadeKey> {
  const made = await told(api.POST("/api/v1/keys", { body: newKeyBody(draft) }));
  const wanted = draft.limits.filter((limit) => limit.amount !== "");
  try {
    for (const limit of wanted) await told(api.POST("/api/v1/limits", { body: limitBody(limit, `key:${made.name}`) }));
  } catch (cause) {
    tellOf(new Error(words.limitFailed(reasonOf(cause))));
  }
  void stale("keys", "limits");
  return made;
}
