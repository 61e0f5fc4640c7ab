// Who is in which team: lines of people of a team, or of teams of a person, each with whether they are its admin.
import { ActionIcon, Button, Group, Stack, Switch, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { tellOf } from "@/parts/problem";
import { Section } from "@/table/side-panel";
import { access } from "@/texts/en/access";

export interface Membership {
  name: string;
  admin: boolean;
  // Who decides about it, where that is not us.
  givenBy?: string;
}

interface Props {
  title: string;
  none: string;
  members: readonly Membership[];
  mayWrite: boolean;
  removeWords: (name: string) => string;
  onAdmin: (name: string, admin: boolean) => Promise<unknown>;
  onRemove: (name: string) => Promise<unknown>;
  // The field in which somebody or a team is chosen to be added.
  chooser: (value: string, choose: (value: string) => void) => ReactNode;
  addVerb: string;
}

export function Members(props: Props) {
  const { title, none, members, mayWrite } = props;
  return (
    <Section title={title}>
      <Stack gap={4}>
        {members.length === 0 ? (
          <Text size="sm" c="dimmed">
            {none}
          </Text>
        ) : null}
        {members.map((member) => (
          <Line key={member.name} member={member} {...props} />
        ))}
        {mayWrite ? <Add {...props} /> : null}
      </Stack>
    </Section>
  );
}

function Line({ member, mayWrite, removeWords, onAdmin, onRemove }: Props & { member: Membership }) {
  const { name, admin, givenBy } = member;
  const fixed = !mayWrite || Boolean(givenBy);
  return (
    <Group justify="space-between" wrap="nowrap" mih={34} gap={8}>
      <div>
        <Text size="sm" lineClamp={1}>
          {name}
        </Text>
        {givenBy ? (
          <Text size="xs" c="dimmed">
            {access.teams.givenBy(givenBy)}
          </Text>
        ) : null}
      </div>
      <Group gap={8} wrap="nowrap">
        <Switch
          size="xs"
          label={access.teams.admin}
          aria-label={`${access.teams.admin}: ${name}`}
          checked={admin}
          disabled={fixed}
          onChange={(event) => void onAdmin(name, event.currentTarget.checked).catch(tellOf)}
        />
        {fixed ? null : (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={removeWords(name)}
            onClick={() => void onRemove(name).catch(tellOf)}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        )}
      </Group>
    </Group>
  );
}

function Add({ onAdmin, chooser, addVerb }: Props) {
  const [chosen, setChosen] = useState("");
  const add = () =>
    void onAdmin(chosen, false)
      .then(() => setChosen(""))
      .catch(tellOf);
  return (
    <Group gap={8} align="flex-end" wrap="nowrap" mt={8}>
      <div style={{ flex: 1 }}>{chooser(chosen, setChosen)}</div>
      <Button variant="default" disabled={chosen === ""} onClick={add}>
        {addVerb}
      </Button>
    </Group>
  );
}
