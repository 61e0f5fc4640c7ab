// The page "Access": keys, the people and teams that they belong to, and how people come in by themselves.
import { Skeleton, Tabs } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useReach } from "@/api/session";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { SettingsLink } from "@/parts/settings-link";
import { access } from "@/texts/en/access";
import { useView } from "@/view";
import { KeysTab } from "./keys-tab";

const CodesTab = later(() => import("./codes-tab").then((module) => module.CodesTab), <Skeleton h={260} />);
const PeopleTab = later(() => import("./people-tab").then((module) => module.PeopleTab), <Skeleton h={260} />);
const TeamsTab = later(() => import("./teams-tab").then((module) => module.TeamsTab), <Skeleton h={260} />);

type TabName = keyof typeof access.tabs;

export function Page() {
  const [view] = useView({ tab: "keys" });
  const navigate = useNavigate();
  const tabs = useTabs();
  const tab = tabs.find((name) => name === view.tab) ?? "keys";
  // What was searched and open in one tab says nothing in another.
  const visit = (name: string | null) =>
    void navigate({ to: ".", search: (name === "keys" ? {} : { tab: name }) as never });
  return (
    <>
      <PageHead title={access.title} about={access.about}>
        <SettingsLink q="auto_remove" />
      </PageHead>
      <Tabs value={tab} onChange={visit} keepMounted={false}>
        <Tabs.List mb={16}>
          {tabs.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {access.tabs[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="keys">
          <KeysTab />
        </Tabs.Panel>
        <Tabs.Panel value="people">
          <PeopleTab />
        </Tabs.Panel>
        <Tabs.Panel value="teams">
          <TeamsTab />
        </Tabs.Panel>
        <Tabs.Panel value="signUp">
          <CodesTab />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function useTabs(): TabName[] {
  const people = useReach("users.read");
  const teams = useReach("teams.read");
  const codes = useReach("access_codes.read");
  const beyondOwn = (reach: string) => reach === "all" || reach === "team";
  const tabs: TabName[] = ["keys"];
  if (beyondOwn(people)) tabs.push("people");
  if (beyondOwn(teams)) tabs.push("teams");
  if (beyondOwn(codes)) tabs.push("signUp");
  return tabs;
}
