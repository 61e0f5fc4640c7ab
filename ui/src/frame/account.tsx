// Oneself: name and role, the theme, the account, the way out.
import {
  ActionIcon,
  type MantineColorScheme,
  Menu,
  SegmentedControl,
  Stack,
  Text,
  useMantineColorScheme,
} from "@mantine/core";
import { IconBook2, IconLogout, IconUserCircle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/api/client";
import { useSession } from "@/api/session";
import { frame as words } from "@/texts/en/frame";

const SCHEMES = Object.keys(words.themes) as MantineColorScheme[];

export function Account() {
  const session = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={words.me}>
          <IconUserCircle size={22} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Stack gap={0} px={12} py={8}>
          <Text size="sm" fw={600} truncate>
            {session.name}
          </Text>
          <Text size="xs" c="dimmed">
            {session.role.replace("_", " ")}
          </Text>
        </Stack>
        <Menu.Divider />
        <Menu.Item component={Link} {...{ to: "/account" as never }} leftSection={<IconUserCircle size={16} />}>
          {words.account}
        </Menu.Item>
        <Menu.Item component="a" href="/docs" target="_blank" rel="noreferrer" leftSection={<IconBook2 size={16} />}>
          {words.apiDocs}
        </Menu.Item>
        <Stack gap={4} px={12} py={8}>
          <Text size="xs" c="dimmed" id="theme-name">
            {words.theme}
          </Text>
          <SegmentedControl
            size="xs"
            aria-labelledby="theme-name"
            value={colorScheme}
            onChange={(value) => setColorScheme(value as MantineColorScheme)}
            data={SCHEMES.map((value) => ({ value, label: words.themes[value] }))}
          />
        </Stack>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {words.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

async function signOut(): Promise<void> {
  await told(api.DELETE("/api/v1/session"));
  window.location.assign("/admin");
}
