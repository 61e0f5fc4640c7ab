// The table of pages: where each is, what it is called, who sees it, and what loads it. A new page is a row here, a
// file in pages/ and a file of words.
import {
  type Icon,
  IconActivity,
  IconAdjustments,
  IconChartAreaLine,
  IconGauge,
  IconKey,
  IconLayoutDashboard,
  IconListDetails,
  IconMessages,
  IconNetwork,
  IconPlayerPlay,
  IconServer2,
  IconSparkles,
  IconTerminal2,
  IconUserCircle,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { Session } from "./api/session";
import type { Range, RangeName } from "./ranges";
import type { frame } from "./texts/en/frame";
import type { Search } from "./view";

export type Group = keyof typeof frame.groups;
export type PageName = keyof typeof frame.pages;

export interface LoadedPage {
  Page: ComponentType;
  // Asks what the page will ask when it is drawn at this address, where the answer takes a while.
  ask?: (asked: Asked) => void;
}

export interface Asked {
  search: Search;
  session: Session;
  range: Range;
}

export interface PageRow {
  name: PageName;
  path: string;
  // In the rail, or only reached from elsewhere.
  group: Group | null;
  icon: Icon;
  // The action of `admin/permissions.py` that one must be allowed to see the page.
  action: string;
  // Only for those who reach beyond what is theirs.
  beyondOwn?: boolean;
  // How far back the page looks at first, where the top bar offers a time range.
  ranged?: RangeName;
  load: () => Promise<LoadedPage>;
}

export const PAGES: readonly PageRow[] = [
  {
    name: "me",
    path: "/me",
    group: "see",
    icon: IconLayoutDashboard,
    action: "me.read",
    load: () => import("./pages/me"),
  },
  {
    name: "status",
    path: "/status",
    group: "see",
    icon: IconActivity,
    action: "usage.read",
    ranged: "8h",
    load: () => import("./pages/status"),
  },
  {
    name: "usage",
    path: "/usage",
    group: "see",
    icon: IconChartAreaLine,
    action: "usage.read",
    ranged: "30d",
    load: () => import("./pages/usage"),
  },
  {
    name: "quota",
    path: "/quota",
    group: "see",
    icon: IconGauge,
    action: "limits.read",
    load: () => import("./pages/quota"),
  },
  {
    name: "requests",
    path: "/requests",
    group: "see",
    icon: IconListDetails,
    action: "ledger.read",
    load: () => import("./pages/requests"),
  },
  {
    name: "conversations",
    path: "/conversations",
    group: "see",
    icon: IconMessages,
    action: "conversations.read",
    load: () => import("./pages/conversations"),
  },
  {
    name: "log",
    path: "/log",
    group: "see",
    icon: IconTerminal2,
    action: "logs.read",
    load: () => import("./pages/log"),
  },
  {
    name: "models",
    path: "/models",
    group: "steer",
    icon: IconSparkles,
    action: "models.read",
    ranged: "8h",
    load: () => import("./pages/models"),
  },
  {
    name: "providers",
    path: "/providers",
    group: "steer",
    icon: IconServer2,
    action: "providers.read",
    load: () => import("./pages/providers"),
  },
  {
    name: "access",
    path: "/access",
    group: "steer",
    icon: IconKey,
    action: "keys.read",
    load: () => import("./pages/access"),
  },
  {
    name: "playground",
    path: "/playground",
    group: "run",
    icon: IconPlayerPlay,
    action: "keys.create",
    load: () => import("./pages/playground"),
  },
  {
    name: "network",
    path: "/network",
    group: "run",
    icon: IconNetwork,
    action: "settings.read",
    load: () => import("./pages/network"),
  },
  {
    name: "settings",
    path: "/settings",
    group: "run",
    icon: IconAdjustments,
    action: "settings.read",
    load: () => import("./pages/settings"),
  },
  {
    name: "account",
    path: "/account",
    group: null,
    icon: IconUserCircle,
    action: "me.read",
    load: () => import("./pages/account"),
  },
  {
    name: "welcome",
    path: "/welcome",
    group: null,
    icon: IconSparkles,
    action: "me.read",
    load: () => import("./pages/welcome"),
  },
];
