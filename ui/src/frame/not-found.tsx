// Where an address leads nowhere.
import { Button } from "@mantine/core";
import { IconMapQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Empty } from "@/parts/empty";
import { frame as words } from "@/texts/en/frame";

export function NotFound() {
  return (
    <Empty isPage icon={IconMapQuestion} title={words.unknownPage} hint={words.unknownPageHint}>
      <Button component={Link} {...{ to: "/" as never }}>
        {words.toStart}
      </Button>
    </Empty>
  );
}
