// The page "Models": the catalogue, aliases and profiles, what would become of a request, and a benchmark.
import { Skeleton, Tabs } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMay } from "@/api/session";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { models as words } from "@/texts/en/models";
import { useView } from "@/view";
import { Catalogue, RefreshModels } from "./catalogue";

const AliasesTab = later(() => import("./aliases-tab").then((module) => module.AliasesTab), <Skeleton h={260} />);
const BenchmarkTab = later(() => import("./benchmark-tab").then((module) => module.BenchmarkTab), <Skeleton h={260} />);
const ExplainTab = later(() => import("./explain-tab").then((module) => module.ExplainTab), <Skeleton h={260} />);

type TabName = keyof typeof words.tabs;

export function Page() {
  const [view] = useView({ tab: "catalogue" });
  const navigate = useNavigate();
  const mayRefresh = useMay("providers.refresh");
  const tabs = useTabs();
  const tab = tabs.find((name) => name === view.tab) ?? "catalogue";
  // What was searched and open in one tab says nothing in another.
  const visit = (name: string | null) =>
    void navigate({ to: ".", search: (name === "catalogue" ? {} : { tab: name }) as never });
  return (
    <>
      <PageHead title={words.title} about={words.about}>
        {tab === "catalogue" && mayRefresh ? <RefreshModels /> : null}
      </PageHead>
      <Tabs value={tab} onChange={visit} keepMounted={false}>
        <Tabs.List mb={16}>
          {tabs.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {words.tabs[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="catalogue">
          <Catalogue />
        </Tabs.Panel>
        <Tabs.Panel value="aliases">
          <AliasesTab />
        </Tabs.Panel>
        <Tabs.Panel value="explain">
          <ExplainTab />
        </Tabs.Panel>
        <Tabs.Panel value="benchmark">
          <BenchmarkTab />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function useTabs(): TabName[] {
  const tabs: TabName[] = ["catalogue"];
  if (useMay("aliases.read")) tabs.push("aliases");
  if (useMay("route.explain")) tabs.push("explain");
  if (useMay("benchmark.run")) tabs.push("benchmark");
  return tabs;
}
