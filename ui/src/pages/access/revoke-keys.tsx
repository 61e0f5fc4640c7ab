// Revoking keys cannot be undone: it says which go, with which keys below them, and asks for the name.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { Confirm } from "@/parts/confirm";
import { access } from "@/texts/en/access";
import { revokeKeys } from "./key-actions";
import type { ShownKey } from "./key-draft";

const words = access.keys;
const NAMED = 8;

interface Props {
  keys: Pick<ShownKey, "id" | "name">[];
  onClose: () => void;
  onRevoked: () => void;
}

export function RevokeKeys({ keys, onClose, onRevoked }: Props) {
  const [first] = keys;
  const single = keys.length === 1 ? first : undefined;
  const below = useNamesBelow(single?.id ?? "");
  if (first === undefined) return null;
  const consequence = single ? [words.revokeConsequence, below].join(" ").trim() : manyConsequence(keys);
  return (
    <Confirm
      opened
      onClose={onClose}
      title={single ? words.revokeTitle(single.name) : words.revokeManyTitle(keys.length)}
      consequence={consequence}
      verb={single ? words.revokeVerb : words.revokeManyVerb(keys.length)}
      name={single ? single.name : words.manyName(keys.length)}
      onConfirm={() => revokeKeys(keys).then(onRevoked)}
    />
  );
}

function manyConsequence(keys: Props["keys"]): string {
  const names = keys.slice(0, NAMED).map((key) => key.name);
  return words.revokeManyConsequence(keys.length > NAMED ? `${names.join(", ")}, …` : names.join(", "));
}

function useNamesBelow(id: string): string {
  const { data } = useQuery({
    queryKey: ["keys", "below", id, "names"],
    enabled: id !== "",
    queryFn: () => told(api.GET("/api/v1/keys", { params: { query: { parent: id, limit: 1000 } } })),
  });
  const names = data?.data.map((key) => key.name) ?? [];
  if (names.length === 0) return "";
  return words.revokeBelow(names.slice(0, NAMED).join(", "), Math.max(0, names.length - NAMED));
}
