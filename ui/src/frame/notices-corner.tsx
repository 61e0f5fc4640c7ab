// The corner itself, with its styles.
import "@mantine/notifications/styles.layer.css";
import { Notifications } from "@mantine/notifications";

export function NoticesCorner() {
  return <Notifications position="bottom-right" limit={3} />;
}
