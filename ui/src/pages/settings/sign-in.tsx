// By which ways people come in: identity providers, passwords, sign-up. The file says so; it is shown here.
import { Anchor, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { duration } from "@/format/figures";
import { Copy } from "@/parts/copy";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { StateBadge } from "@/parts/state-badge";
import { Facts } from "@/table/side-panel";
import { settings } from "@/texts/en/settings";

const words = settings.access;

type Rules = components["schemas"]["SignInRules"];
type IdentityProvider = components["schemas"]["ShownIdentityProvider"];
type Rights = components["schemas"]["ShownGroup"];

export function SignIn() {
  const asked = useQuery({ queryKey: ["settings", "sign-in"], queryFn: () => told(api.GET("/api/v1/sign-in")) });
  if (asked.error) return <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.data === undefined) return <Skeleton h={320} />;
  const rules = asked.data;
  return (
    <Stack gap={16}>
      <Panel title={words.providers} hint={words.providersHint}>
        {rules.identity_providers.length === 0 ? (
          <Text size="sm" c="dimmed">
            {words.noProviders}
          </Text>
        ) : (
          <Stack gap={24}>
            {rules.identity_providers.map((one) => (
              <Provider key={one.name} one={one} />
            ))}
          </Stack>
        )}
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={16}>
        <Panel title={words.passwords}>
          <Text size="sm">{words.passwordRule(rules.least_password_chars)}</Text>
          {rules.admin_password ? (
            <Text size="sm" mt={8}>
              {words.adminPassword}
            </Text>
          ) : null}
        </Panel>
        <SignUp rules={rules} />
      </SimpleGrid>
      <Text size="xs" c="dimmed">
        {words.changedIn(rules.file)}
      </Text>
    </Stack>
  );
}

function Provider({ one }: { one: IdentityProvider }) {
  const callback = one.redirect_uri || `${window.location.origin}${one.callback}`;
  return (
    <section aria-label={one.title}>
      <Text fw={600} mb={8}>
        {one.title}
      </Text>
      <Facts
        facts={[
          [words.issuer, one.issuer],
          [words.client, one.client_id],
          [
            words.callback,
            <Group key="callback" gap={4}>
              <span className="mono">{callback}</span>
              <Copy text={callback} what={words.callback} />
            </Group>,
          ],
          [words.scopes, one.scopes.join(", ")],
          [words.groups, one.groups.length > 0 ? one.groups.map(groupText).join("; ") : undefined],
          [words.domains, one.allowed_domains.join(", ") || undefined],
          [words.create, one.auto_create ? words.creates : words.refuses],
          [words.session, duration(one.session_s * 1000)],
          [words.declaredAt, one.declared_at || undefined],
        ]}
      />
    </section>
  );
}

function groupText(one: Rights): string {
  const rights = [
    one.team ? (one.team_admin ? words.teamAdmin(one.team) : words.team(one.team)) : "",
    one.role ? words.role(one.role) : "",
  ];
  return words.groupOf(one.group, rights.filter(Boolean).join(", "));
}

function SignUp({ rules }: { rules: Rules }) {
  const { sign_up: signUp } = rules;
  const text = !signUp.enabled ? words.signUpOff : signUp.by_code ? words.signUpCode : words.signUpOpen;
  return (
    <Panel
      title={words.signUp}
      actions={
        <StateBadge state={signUp.enabled ? "ok" : "unknown"} word={signUp.enabled ? settings.on : settings.off} />
      }
    >
      <Text size="sm">{text}</Text>
      {signUp.enabled && signUp.email_domains.length > 0 ? (
        <Text size="sm" mt={8}>
          {words.signUpDomains(signUp.email_domains.join(", "))}
        </Text>
      ) : null}
      <Anchor component={Link} size="sm" mt={8} {...{ to: "/access" as never, search: { tab: "signUp" } as never }}>
        {words.codes}
      </Anchor>
    </Panel>
  );
}
