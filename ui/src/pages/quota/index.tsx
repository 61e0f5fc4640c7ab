// Quota: the limits with what is used, reserved and left of them; what holds oneself; what providers have left for us.
import { Skeleton, Tabs } from "@mantine/core";
import { useMay, useReach } from "@/api/session";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { quota as words } from "@/texts/en/quota";
import { useView } from "@/view";
import { LimitList } from "./limit-list";
import { Mine } from "./mine";

const ProviderQuotas = later(
  () => import("./provider-quotas").then((module) => module.ProviderQuotas),
  <Skeleton h={260} />,
);

type Tab = keyof typeof words.tabs;

export function Page() {
  const tabs = useTabs();
  const [view, change] = useView({ tab: "", open: "", q: "" });
  const tab = tabs.find((one) => one === view.tab) ?? tabs[0] ?? "limits";
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      {tabs.length < 2 ? (
        <View tab={tab} />
      ) : (
        <Tabs
          value={tab}
          onChange={(next) => change({ tab: next === tabs[0] ? "" : (next ?? ""), open: "", q: "" })}
          keepMounted={false}
        >
          <Tabs.List mb={16}>
            {tabs.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {words.tabs[one]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {tabs.map((one) => (
            <Tabs.Panel key={one} value={one}>
              <View tab={one} />
            </Tabs.Panel>
          ))}
        </Tabs>
      )}
    </>
  );
}

// Who sees all limits needs no list of those that hold them; who makes none needs no list beside theirs.
function useTabs(): Tab[] {
  const seesAll = useReach("limits.read") === "all";
  const writes = useMay("limits.write");
  const mayQuota = useMay("quota.read");
  const tabs: Tab[] = [];
  if (!seesAll) tabs.push("mine");
  if (seesAll || writes) tabs.push("limits");
  if (mayQuota) tabs.push("providers");
  return tabs;
}

function View({ tab }: { tab: Tab }) {
  if (tab === "mine") return <Mine />;
  return tab === "providers" ? <ProviderQuotas /> : <LimitList />;
}
