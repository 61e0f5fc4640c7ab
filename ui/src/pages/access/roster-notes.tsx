// What an import says of the list as a whole.
import { Alert, Text } from "@mantine/core";
import { access } from "@/texts/en/access";
import type { RosterAnswer } from "./roster";

const words = access.roster;

export function RosterNotes({ answer }: { answer: RosterAnswer }) {
  const notes = [
    ...(answer.new_teams.length > 0 ? [words.newTeams(answer.new_teams.join(", "))] : []),
    ...(answer.gone.length > 0 ? [words.gone(answer.gone.join(", "))] : []),
    ...(answer.disabled.length > 0 ? [words.disabled(answer.disabled.join(", "))] : []),
    ...answer.notes,
  ];
  if (notes.length === 0) return null;
  return (
    <Alert color="gray" p={12}>
      {notes.map((note) => (
        <Text key={note} size="sm">
          {note}
        </Text>
      ))}
    </Alert>
  );
}
