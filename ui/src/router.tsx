// Addresses: one route per row of the table of pages, each loaded when it is first visited. What a page shows (filters,
// range, what is open) is in the address, so that every view can be linked to.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import type { Session } from "./api/session";
import { Broken } from "./frame/broken";
import { Frame } from "./frame/frame";
import { NotFound } from "./frame/not-found";
import { PAGES, type PageRow } from "./pages";

type Search = Record<string, unknown>;

export function isFor(page: PageRow, session: Session): boolean {
  const reach = session.may[page.action] ?? "-";
  return reach !== "-" && !(page.beyondOwn && (reach === "own" || reach === "children"));
}

// Where people begin: those who see everything with what happens, the others with what is theirs.
export function startOf(session: Session): string {
  return session.may["usage.read"] === "all" ? "/status" : "/me";
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
