// From a page to the settings that it follows, for those who may read them.
import { Button } from "@mantine/core";
import { IconSettings } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMay } from "@/api/session";
import { parts as words } from "@/texts/en/parts";

// `q` is what finds them among all settings.
export function SettingsLink({ q }: { q: string }) {
  if (!useMay("settings.read")) return null;
  return (
    <Button
      component={Link}
      variant="default"
      leftSection={<IconSettings size={16} aria-hidden />}
      {...{ to: "/settings" as never, search: { q } as never }}
    >
      {words.settings}
    </Button>
  );
}
