// The way to the rules of whose conversations are kept.
import { Button } from "@mantine/core";
import { IconSettings } from "@tabler/icons-react";
import { useState } from "react";
import { later } from "@/parts/later";
import { conversations } from "@/texts/en/conversations";

const CaptureRules = later(() => import("./capture-rules").then((module) => module.CaptureRules));

export function CaptureSettings() {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button variant="default" leftSection={<IconSettings size={16} aria-hidden />} onClick={() => setOpened(true)}>
        {conversations.capture.open}
      </Button>
      {opened ? <CaptureRules onClose={() => setOpened(false)} /> : null}
    </>
  );
}
