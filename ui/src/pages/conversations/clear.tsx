// Deleting many conversations at once: all of them, or those of the filters that are set.
import { Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { tellDone } from "@/parts/done";
import { conversations as words } from "@/texts/en/conversations";

type Filters = Readonly<Record<string, string>>;

// `filters` are those by which may be deleted: a search never deletes, because it finds more than one thinks.
export function Clear({ filters }: { filters: Filters }) {
  const [opened, setOpened] = useState(false);
  const said = Object.entries(filters).map(([name, value]) => `${name} ${value}`);
  const isSome = said.length > 0;
  const clear = async () => {
    const query = isSome ? filters : { all: true };
    const { removed } = await told(api.DELETE("/api/v1/conversations", { params: { query } }));
    tellDone(words.removed(removed));
    await stale("conversations");
  };
  if (!useMay("conversations.delete")) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setOpened(true)}>
        {isSome ? words.clearSome : words.clear}
      </Button>
      <Confirm
        opened={opened}
        title={isSome ? words.clearSomeTitle : words.clearTitle}
        consequence={isSome ? words.clearSomeConsequence(said.join(", ")) : words.clearConsequence}
        verb={isSome ? words.clearSome : words.clear}
        name={words.clearName}
        onClose={() => setOpened(false)}
        onConfirm={clear}
      />
    </>
  );
}
