// Settings: what may be changed while everything runs and what the file owns, the ways in, alerts, secrets, the audit
// log. Each tab asks its own question when it is looked at.
import { Skeleton, Tabs } from "@mantine/core";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { settings as words } from "@/texts/en/settings";
import { useView } from "@/view";
import { SettingList } from "./setting-list";

const About = later(() => import("./about").then((module) => module.About), <Skeleton h={260} />);
const Alerts = later(() => import("./alerts").then((module) => module.Alerts), <Skeleton h={260} />);
const Audit = later(() => import("./audit").then((module) => module.Audit), <Skeleton h={260} />);
const Secrets = later(() => import("./secrets").then((module) => module.Secrets), <Skeleton h={260} />);
const SignIn = later(() => import("./sign-in").then((module) => module.SignIn), <Skeleton h={260} />);

type Tab = keyof typeof words.tabs;
const TABS = Object.keys(words.tabs) as Tab[];

export function Page() {
  const [view, change] = useView({ tab: "settings", q: "", show: "", open: "" });
  const tab = TABS.find((one) => one === view.tab) ?? "settings";
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      <Tabs
        value={tab}
        onChange={(next) => change({ tab: next ?? "settings", q: "", show: "", open: "" })}
        keepMounted={false}
      >
        <Tabs.List mb={16}>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {words.tabs[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="settings">
          <SettingList q={view.q} show={view.show} onChange={change} />
        </Tabs.Panel>
        <Tabs.Panel value="access">
          <SignIn />
        </Tabs.Panel>
        <Tabs.Panel value="alerts">
          <Alerts />
        </Tabs.Panel>
        <Tabs.Panel value="secrets">
          <Secrets />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <Audit />
        </Tabs.Panel>
        <Tabs.Panel value="about">
          <About />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
