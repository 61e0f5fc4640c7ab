// The active model profile: which targets of the aliases count, switched for everybody at once.
import { Button, Group, NativeSelect, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useMay } from "@/api/session";
import { tellDone } from "@/parts/done";
import { Panel } from "@/parts/panel";
import { ProblemNote, tellOf } from "@/parts/problem";
import { settings as words } from "@/texts/en/settings";

const PATH = "/api/v1/settings/active_model_profile";

async function choose(value: string): Promise<void> {
  await told(api.PUT(PATH, { body: { value } }));
  await stale("settings", "aliases", "models");
}

async function undo(): Promise<void> {
  await told(api.DELETE(PATH));
  await stale("settings", "aliases", "models");
}

// `children` stand below: what the choice means where it is shown.
export function Profile({ children }: { children?: ReactNode }) {
  const asked = useQuery({ queryKey: ["settings", "profile"], queryFn: () => told(api.GET(PATH)) });
  const may = useMay("profile.write");
  const profile = asked.data;
  const pick = async (value: string) => {
    if (profile === undefined || value === profile.value) return;
    const { overridden, value: before } = profile;
    try {
      await choose(value);
      tellDone(words.profile.chosen(value), () => (overridden ? choose(before) : undo()));
    } catch (error) {
      tellOf(error);
    }
  };
  return (
    <Panel title={words.profile.title} hint={words.profile.about}>
      {asked.error ? <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} /> : null}
      {profile === undefined ? (
        <Skeleton h={36} w={260} />
      ) : (
        <Group gap={12}>
          <NativeSelect
            w={220}
            aria-label={words.profile.label}
            data={profile.profiles}
            value={profile.value}
            disabled={!may}
            onChange={(event) => void pick(event.currentTarget.value)}
          />
          {profile.overridden && may ? (
            <Button variant="default" onClick={() => void undo().catch(tellOf)}>
              {words.profile.reset(profile.declared)}
            </Button>
          ) : null}
          <Text size="xs" c="dimmed">
            {profile.overridden
              ? words.profile.overridden(profile.declared, profile.declared_at)
              : profile.profiles.length > 1
                ? words.profile.declared(profile.declared_at)
                : words.profile.only}
          </Text>
        </Group>
      )}
      {children}
    </Panel>
  );
}
