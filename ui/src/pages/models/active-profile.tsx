// The active profile, and what it means for the aliases that are there.
import { Paper, Text } from "@mantine/core";
import { useMay } from "@/api/session";
import { aliases } from "@/texts/en/aliases";
import { Profile } from "../settings/profile";
import { type Alias, type AliasList, DEFAULT_PROFILE, profilesOf } from "./alias";

const words = aliases.profile;

export function ActiveProfile({ list, rows }: { list: AliasList; rows: Alias[] }) {
  const mayRead = useMay("profile.read");
  const meaning = meaningOf(list.active_model_profile, rows);
  if (mayRead) {
    return (
      <Profile>
        <Text size="xs" c="dimmed" mt={8}>
          {meaning}
        </Text>
      </Profile>
    );
  }
  if (list.profiles.length < 2) return null;
  return (
    <Paper withBorder radius="md" p={16}>
      <Text size="sm">{words.active(list.active_model_profile)}</Text>
      <Text size="xs" c="dimmed">
        {meaning}
      </Text>
    </Paper>
  );
}

function meaningOf(active: string, rows: Alias[]): string {
  if (rows.length === 0) return "";
  if (active === DEFAULT_PROFILE) return words.usual(rows.length);
  return words.own(rows.filter((alias) => profilesOf(alias).includes(active)).length, rows.length, active);
}
