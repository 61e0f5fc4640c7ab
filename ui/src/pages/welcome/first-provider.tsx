// The first step: whose models there are, and another provider if one wants one; the sandbox needs no account.
import { Badge, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { api, told } from "@/api/client";
import { ProblemNote } from "@/parts/problem";
import { welcome as words } from "@/texts/en/welcome";
import { Step } from "./step";

const AddDialog = lazy(() => import("@/pages/providers/add-dialog").then((module) => ({ default: module.AddDialog })));

export function FirstProvider() {
  const [adding, setAdding] = useState("");
  const found = useQuery({ queryKey: ["providers"], queryFn: async () => told(api.GET("/api/v1/providers")) });
  const rows = found.data?.data ?? [];
  const own = rows.some((row) => row.name !== "sandbox");
  return (
    <Step number={1} title={words.provider} hint={words.providerHint} done={own}>
      <Stack gap={12}>
        {found.error ? <ProblemNote error={found.error} onRetry={() => void found.refetch()} /> : null}
        {found.isLoading ? <Skeleton h={24} w={200} /> : null}
        {rows.length > 0 ? (
          <Group gap={8}>
            <Text size="sm">{words.youHave}</Text>
            {rows.map((row) => (
              <Badge key={row.name} variant="light" size="lg">
                {row.name}
              </Badge>
            ))}
          </Group>
        ) : null}
        {own || rows.length === 0 ? null : (
          <Text size="sm" c="dimmed">
            {words.sandbox}
          </Text>
        )}
        <div>
          <Button
            variant={own ? "default" : "filled"}
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => setAdding("yes")}
          >
            {words.addProvider}
          </Button>
        </div>
        {adding === "" ? null : (
          <Suspense>
            <AddDialog preset={adding} onPreset={setAdding} onClose={() => setAdding("")} />
          </Suspense>
        )}
      </Stack>
    </Step>
  );
}
