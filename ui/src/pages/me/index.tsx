// One's own use: what was used today and this month, the limits that hold one, the keys, and how to use them.
import { Button, Grid, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/api/client";
import { PageHead } from "@/parts/page-head";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { me as words } from "@/texts/en/me";
import { OwnKeys } from "./own-keys";
import { OwnLimits } from "./own-limits";
import { OwnSnippet } from "./own-snippet";
import { OwnUse } from "./own-use";

export function Page() {
  const found = useQuery({ queryKey: ["usage", "me"], queryFn: () => told(api.GET("/api/v1/me")) });
  const mine = found.data;
  return (
    <>
      <PageHead title={mine === undefined ? words.title : words.titleOf(mine.name)} about={words.about}>
        {mine?.may_make_keys ? (
          <Button
            component={Link}
            {...{ to: "/access" as never, search: { add: "yes" } as never }}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {words.makeKey}
          </Button>
        ) : null}
      </PageHead>
      {found.error ? <ProblemNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      <OwnUse used={mine?.used} />
      <Grid gap={16}>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap={16}>
            <Panel title={words.limits} hint={words.limitsHint}>
              <OwnLimits limits={mine?.limits} />
            </Panel>
            <OwnKeys mine={mine} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Panel title={words.useIt} hint={words.useItHint}>
            <OwnSnippet mine={mine} />
          </Panel>
        </Grid.Col>
      </Grid>
    </>
  );
}
