// Live or paused. A word beside the dot, because colour alone says nothing to some.
import { Button } from "@mantine/core";
import { useLive } from "@/api/live";
import { Hint } from "@/parts/hint";
import { frame as words } from "@/texts/en/frame";
import classes from "./frame.module.css";

export function LiveSwitch() {
  const live = useLive();
  const state = !live.on ? "off" : live.connected ? "on" : "lost";
  const label = { on: words.liveOn, off: words.liveOff, lost: words.liveLost }[state];
  return (
    <Hint label={label}>
      <Button
        variant="default"
        size="sm"
        px={10}
        flex="none"
        aria-pressed={live.on}
        onClick={() => live.set(!live.on)}
        leftSection={<span className={classes.live} data-state={state} aria-hidden />}
      >
        {words.live}
      </Button>
    </Hint>
  );
}
