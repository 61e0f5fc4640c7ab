// One setting: what it is for, what it is, who says so; and what changes it, where it may be changed.
import { Badge, Button, Group, Stack, Text, Tooltip } from "@mantine/core";
import { useState } from "react";
import { useMay } from "@/api/session";
import { tellDone } from "@/parts/done";
import { ProblemNote, tellOf } from "@/parts/problem";
import { settings as words } from "@/texts/en/settings";
import { changeSetting, resetSetting, type Setting, type Value, valueText } from "./setting";
import { SettingControl } from "./setting-control";
import classes from "./settings.module.css";

export function SettingRow({ setting }: { setting: Setting }) {
  const may = useMay("settings.write");
  const [error, setError] = useState<unknown>(null);
  const save = async (value: Value) => {
    const { name, overridden, value: before } = setting;
    setError(null);
    try {
      await changeSetting(name, value);
      const undo = () => (overridden ? changeSetting(name, before as Value) : resetSetting(name));
      tellDone(words.changedTo(name, valueText(setting, value)), undo);
    } catch (cause) {
      setError(cause);
    }
  };
  return (
    <div className={classes.row}>
      <Stack gap={2} className={classes.words}>
        <Text size="sm" id={`about-${setting.name}`}>
          {setting.about}
        </Text>
        <Group gap={8}>
          <Text size="xs" c="dimmed" className="mono">
            {setting.name}
          </Text>
          <OriginBadge setting={setting} />
          {setting.overridden && may ? <ResetButton setting={setting} /> : null}
        </Group>
        {error === null ? null : <ProblemNote error={error} />}
      </Stack>
      <div className={classes.control}>
        {setting.changeable && may ? (
          <SettingControl key={JSON.stringify(setting.value)} setting={setting} onSave={save} />
        ) : (
          <Tooltip label={words.readOnly}>
            <Text size="sm" className="figures" ta="right" c={setting.origin === "default" ? "dimmed" : undefined}>
              {valueText(setting, setting.value)}
            </Text>
          </Tooltip>
        )}
      </div>
    </div>
  );
}

export function OriginBadge({ setting }: { setting: Setting }) {
  const { origin, declared, declared_at: at } = setting;
  if (origin === "default") return null;
  const isChanged = origin === "database";
  const hint = isChanged
    ? words.originHint.database(valueText(setting, declared), at)
    : words.originHint.declared(origin);
  return (
    <Tooltip label={hint}>
      <Badge variant="light" size="sm" tt="none" fw={500} color={isChanged ? "indigo" : "gray"}>
        {isChanged ? words.origins.database : origin}
      </Badge>
    </Tooltip>
  );
}

function ResetButton({ setting }: { setting: Setting }) {
  const reset = async () => {
    const { name, value } = setting;
    try {
      const after = await resetSetting(name);
      tellDone(words.wasReset(name, valueText(after, after.value)), () => changeSetting(name, value as Value));
    } catch (cause) {
      tellOf(cause);
    }
  };
  return (
    <Button variant="subtle" size="compact-xs" aria-label={words.resetOf(setting.name)} onClick={() => void reset()}>
      {words.reset}
    </Button>
  );
}
