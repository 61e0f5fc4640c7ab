// What is told in passing. That which shows it is loaded when there is something to tell.
import type { NotificationData } from "@mantine/notifications";

export const TOLD = "tokenrouter:told";

export async function tell(notice: NotificationData): Promise<void> {
  const { notifications } = await import("@mantine/notifications");
  notifications.show(notice);
  window.dispatchEvent(new Event(TOLD));
}

export async function takeBack(id: string): Promise<void> {
  const { notifications } = await import("@mantine/notifications");
  notifications.hide(id);
}
