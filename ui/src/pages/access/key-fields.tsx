// The fields of a key that can be said when it is made and changed later.
import { Checkbox, Collapse, Group, NativeSelect, Stack, TextInput, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useReach } from "@/api/session";
import { access } from "@/texts/en/access";
import type { Expiry } from "./expiry";
import { ListField } from "./fields";
import type { KeyRights } from "./key-draft";

const words = access.form;
const EXPIRIES = Object.keys(words.expiry) as Expiry[];

interface Props {
  rights: KeyRights;
  onChange: (changes: Partial<KeyRights>) => void;
  // A key that is there already does not become a temporary one.
  temporary?: boolean;
}

export function RightsFields({ rights, onChange, temporary = false }: Props) {
  const offered = EXPIRIES.filter((one) => temporary || !one.startsWith("t"));
  return (
    <>
      <ListField
        label={words.models}
        hint={words.modelsHint}
        value={rights.models}
        onChange={(models) => onChange({ models })}
      />
      <Group gap={12} grow align="flex-end">
        <NativeSelect
          label={words.expires}
          value={rights.expiry}
          onChange={(event) => onChange({ expiry: event.currentTarget.value as Expiry })}
          data={offered.map((value) => ({ value, label: words.expiry[value] }))}
        />
        {rights.expiry === "custom" ? (
          <TextInput
            type="datetime-local"
            label={words.expiresAt}
            value={rights.custom}
            required
            onChange={(event) => onChange({ custom: event.currentTarget.value })}
          />
        ) : null}
      </Group>
    </>
  );
}

// What few keys need: folded away, unless something is said there. Only administrators let a key do more than the installation says.
export function PrivilegeFields({ rights, onChange }: Omit<Props, "temporary">) {
  const [opened, more] = useDisclosure(rights.ips.length > 0 || rights.comment !== "");
  const forAll = useReach("keys.create") === "all";
  const Picture = opened ? IconChevronDown : IconChevronRight;
  const policies = [
    { value: "", label: words.usual },
    ...(forAll ? [{ value: "allow", label: words.allow }] : []),
    { value: "deny", label: words.deny },
  ];
  return (
    <div>
      <UnstyledButton onClick={more.toggle} aria-expanded={opened} fz="sm" fw={500}>
        <Group gap={4}>
          <Picture size={16} aria-hidden />
          {words.privileges}
        </Group>
      </UnstyledButton>
      <Collapse expanded={opened}>
        <Stack gap={12} pt={12}>
          <ListField label={words.ips} hint={words.ipsHint} value={rights.ips} onChange={(ips) => onChange({ ips })} />
          <TextInput
            label={words.comment}
            value={rights.comment}
            onChange={(event) => onChange({ comment: event.currentTarget.value })}
          />
          {forAll ? (
            <>
              <Checkbox
                label={words.passthrough}
                checked={rights.passthrough}
                onChange={(event) => onChange({ passthrough: event.currentTarget.checked })}
              />
              <Checkbox
                label={words.allowUnpriced}
                checked={rights.allowUnpriced}
                onChange={(event) => onChange({ allowUnpriced: event.currentTarget.checked })}
              />
            </>
          ) : null}
          <Checkbox
            label={words.clamp}
            checked={rights.clamp}
            onChange={(event) => onChange({ clamp: event.currentTarget.checked })}
          />
          <NativeSelect
            label={words.unpriced}
            data={policies}
            value={rights.unpriced}
            onChange={(event) => onChange({ unpriced: event.currentTarget.value as KeyRights["unpriced"] })}
          />
          <NativeSelect
            label={words.unboundedInput}
            data={policies}
            value={rights.unboundedInput}
            onChange={(event) => onChange({ unboundedInput: event.currentTarget.value as KeyRights["unboundedInput"] })}
          />
          <NativeSelect
            label={words.cache}
            data={[
              { value: "", label: words.usual },
              ...Object.entries(words.cacheUses).map(([value, label]) => ({ value, label })),
            ]}
            value={rights.cache}
            onChange={(event) => onChange({ cache: event.currentTarget.value as KeyRights["cache"] })}
          />
        </Stack>
      </Collapse>
    </div>
  );
}
