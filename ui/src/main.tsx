// Where everything begins: language and session first, then the pages.
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { LiveProvider } from "./api/live";
import { queries } from "./api/queries";
import { readSession, SessionProvider } from "./api/session";
import { Notices } from "./frame/notices";
import { allStyles } from "./styles";
import { loadLanguage } from "./texts/catalogue";

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
const schemes = localStorageColorSchemeManager({ key: "tokenrouter.theme" });

async function start(): Promise<void> {
  setNonce(nonce);
  // Pages and theme come after the language, because texts are taken when a module is loaded.
  const [session, [{ makeRouter }, { theme }]] = await Promise.all([
    readSession(),
    loadLanguage().then(() => Promise.all([import("./router"), import("./theme")])),
    allStyles(),
  ]);
  const root = document.getElementById("root");
  if (root === null) return;
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
              <RouterProvider router={makeRouter(session)} />
            </LiveProvider>
          </SessionProvider>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();
