// Where a page has a fault of its own: the rest stays usable.
import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Empty } from "@/parts/empty";
import { frame as words } from "@/texts/en/frame";

export function Broken() {
  return (
    <Empty isPage icon={IconAlertTriangle} title={words.failed} hint={words.broken}>
      <Button onClick={() => window.location.reload()}>{words.reload}</Button>
    </Empty>
  );
}
