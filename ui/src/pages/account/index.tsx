// One's own account: who one is here, the password, and every browser that is signed in.
import { Grid, Stack, Text } from "@mantine/core";
import { useMay, useSession } from "@/api/session";
import { PageHead } from "@/parts/page-head";
import { Panel } from "@/parts/panel";
import { account as words } from "@/texts/en/account";
import { PasswordForm } from "./password-form";
import { Sessions } from "./sessions";

export function Page() {
  const session = useSession();
  const hasPassword = useMay("password.own") && session.kind === "person";
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      <Grid gap={16}>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap={16}>
            <Panel title={words.you}>
              <Facts />
            </Panel>
            {hasPassword ? (
              <Panel title={words.password} hint={words.passwordHint}>
                <PasswordForm />
              </Panel>
            ) : null}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Sessions />
        </Grid.Col>
      </Grid>
    </>
  );
}

function Facts() {
  const session = useSession();
  const facts: [string, string][] = [
    [words.name, session.name],
    [words.email, session.email ?? ""],
    [words.role, words.roles[session.role]],
    [words.teams, session.teams.join(", ")],
    [words.administers, session.administers.join(", ")],
  ];
  return (
    <Stack gap={8}>
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {value}
            </Text>
          </div>
        ))}
      {session.kind === "person" ? null : (
        <Text size="sm" c="dimmed">
          {words.noPerson}
        </Text>
      )}
    </Stack>
  );
}
