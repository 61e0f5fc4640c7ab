// The UI for one session: all that pages stand in. First it listens to what changes, then the first page asks its
// question, and then it is drawn with that page, so that no frame is drawn without one.
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { LiveProvider } from "./api/live";
import { queries } from "./api/queries";
import { type Session, SessionProvider } from "./api/session";
import { Notices } from "./frame/notices";
import { makeRouter } from "./router";
import { theme } from "./theme";

const schemes = localStorageColorSchemeManager({ key: "tokenrouter.theme" });

export function show(session: Session, root: HTMLElement, nonce: string): void {
  const router = makeRouter(session);
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        colorSchemeManager={schemes}
        getStyleNonce={() => nonce}
        cssVariablesSelector=":root"
      >
        <QueryClientProvider client={queries}>
          <SessionProvider session={session}>
            <LiveProvider>
              <Notices />
              <Pages router={router} />
            </LiveProvider>
          </SessionProvider>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

function Pages({ router }: { router: ReturnType<typeof makeRouter> }) {
  const [loaded, setLoaded] = useState(false);
  useEffect(() => {
    void router.load().finally(() => setLoaded(true));
  }, [router]);
  return loaded ? <RouterProvider router={router} /> : null;
}
