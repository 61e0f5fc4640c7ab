// Addresses: one route per row of the table of pages, each loaded when it is first visited. What a page shows (filters,
// range, what is open) is in the address, so that every view can be linked to.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import type { Session } from "./api/session";
import { Broken } from "./frame/broken";
import { Frame } from "./frame/frame";
import { NotFound } from "./frame/not-found";
import { PAGES, type PageRow } from "./pages";
import { rangeOf } from "./ranges";
import type { Search } from "./view";

export function isFor(page: PageRow, session: Session): boolean {
  const reach = session.may[page.action] ?? "-";
  return reach !== "-" && !(page.beyondOwn && (reach === "own" || reach === "children"));
}

// Where people begin: those who see everything with what happens, the others with what is theirs.
export function startOf(session: Session): string {
  return session.may["usage.read"] === "all" ? "/status" : "/me";
}

// What a page shows at first is asked for before it is drawn; nobody waits for the answer here. That a page is not there
// is told where it is to be drawn.
async function ask(page: PageRow, search: Search, session: Session): Promise<void> {
  const loaded = await page.load().catch(() => null);
  loaded?.ask?.({ search, session, range: rangeOf(search, page.ranged) });
}

export function makeRouter(session: Session) {
  const root = createRootRoute({
    component: Frame,
    notFoundComponent: NotFound,
    validateSearch: (search: Search): Search => search,
  });
  const start = createRoute({
    getParentRoute: () => root,
    path: "/",
    beforeLoad: () => {
      throw redirect({ to: startOf(session), replace: true });
    },
  });
  const routes = PAGES.filter((page) => isFor(page, session)).map((page) =>
    createRoute({
      getParentRoute: () => root,
      path: page.path,
      component: lazyRouteComponent(page.load, "Page"),
      loader: ({ cause, location }) => (cause === "enter" ? ask(page, location.search, session) : undefined),
      // What changes on a page that is shown, its parts ask for themselves.
      staleTime: Number.POSITIVE_INFINITY,
      staticData: { page },
    }),
  );
  return createRouter({
    routeTree: root.addChildren([start, ...routes]),
    basepath: "/admin",
    defaultPreload: "intent",
    defaultErrorComponent: Broken,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    page?: PageRow;
  }
}
