// The bar on top: where one is, the time range where a page has one, live or paused, search, theme, and oneself.
import { ActionIcon, Burger, Group, NativeSelect, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { PageRow } from "@/pages";
import { Hint } from "@/parts/hint";
import { RANGES, useRange } from "@/ranges";
import { frame as words } from "@/texts/en/frame";
import icon from "../icon.svg";
import { Account } from "./account";
import classes from "./frame.module.css";
import { LiveSwitch } from "./live-switch";
import { Search } from "./search";

interface Props {
  page: PageRow | undefined;
  menuOpened: boolean;
  onMenu: () => void;
}

export function TopBar({ page, menuOpened, onMenu }: Props) {
  return (
    <Group h="100%" px={16} gap={12} wrap="nowrap">
      <Burger
        opened={menuOpened}
        onClick={onMenu}
        hiddenFrom="sm"
        size="sm"
        aria-label={menuOpened ? words.closeMenu : words.openMenu}
      />
      <Link to={"/" as never} className={classes.brand} aria-label={words.product}>
        <img src={icon} width={26} height={26} alt="" />
        <Text component="span" fw={650} visibleFrom="sm">
          {words.product}
        </Text>
      </Link>
      <Text c="dimmed" size="sm" truncate flex={1}>
        {page === undefined ? "" : words.pages[page.name]}
      </Text>
      {page?.ranged ? <RangeSelect /> : null}
      <Search />
      <Refresh />
      <LiveSwitch />
      <Account />
    </Group>
  );
}

// For those who have paused; a phone has its own way of it.
function Refresh() {
  return (
    <Hint label={words.refresh}>
      <ActionIcon
        variant="default"
        size={36}
        visibleFrom="sm"
        aria-label={words.refresh}
        onClick={() => void queries.invalidateQueries()}
      >
        <IconRefresh size={18} aria-hidden />
      </ActionIcon>
    </Hint>
  );
}

function RangeSelect() {
  const { range, from, setRange } = useRange();
  const known = from === "" && RANGES.some((one) => one === range);
  return (
    <NativeSelect
      w={104}
      aria-label={words.range}
      value={known ? range : ""}
      onChange={(event) => setRange(event.currentTarget.value)}
      data={[
        ...(known ? [] : [{ value: "", label: words.drawnRange, disabled: true }]),
        ...RANGES.map((value) => ({ value, label: words.ranges[value] })),
      ]}
    />
  );
}
