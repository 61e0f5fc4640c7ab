// The frame around every page: the rail on the left (a drawer on a phone), the bar on top, the content in between.
import { Box } from "@mantine/core";
import { useDisclosure, useLocalStorage } from "@mantine/hooks";
import { Outlet, useMatches } from "@tanstack/react-router";
import { useEffect } from "react";
import { frame as words } from "@/texts/en/frame";
import classes from "./frame.module.css";
import { Rail } from "./rail";
import { TopBar } from "./top-bar";

export function Frame() {
  const [opened, drawer] = useDisclosure(false);
  const [narrow, setNarrow] = useLocalStorage({ key: "tokenrouter.rail-narrow", defaultValue: false });
  const page = useMatches().at(-1)?.staticData.page;

  useEffect(() => {
    document.title = page === undefined ? words.product : `${words.pages[page.name]} · ${words.product}`;
  }, [page]);

  return (
    <div data-narrow={narrow || undefined} data-opened={opened || undefined}>
      <a className={classes.skip} href="#content">
        {words.skip}
      </a>
      <header className={classes.header}>
        <TopBar page={page} menuOpened={opened} onMenu={drawer.toggle} />
      </header>
      <nav className={classes.rail} aria-label={words.product}>
        <Rail narrow={narrow && !opened} onNarrow={() => setNarrow(!narrow)} onVisit={drawer.close} />
      </nav>
      <main className={classes.main}>
        <Box id="content" className={classes.content} tabIndex={-1}>
          <Outlet />
        </Box>
      </main>
    </div>
  );
}
