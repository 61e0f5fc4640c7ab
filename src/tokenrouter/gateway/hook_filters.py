"""The texts of one answer, shown to everybody who follows it: who changed the request last sees its answer first."""

from collections.abc import Sequence

from tokenrouter.domain.errors import GatewayError
from tokenrouter.gateway.hook_rules import Following, HookRule, told
from tokenrouter.hooks import Refused, TextFilter, TextKind


class Opening:
    """Opens them, one by one; see `answer_texts.OpenText`."""

    def __init__(self, following: Sequence[Following]) -> None:
        self._following = tuple(reversed(following))

    def __call__(self, kind: TextKind, is_json: bool) -> TextFilter | None:
        filters = [one for following in self._following if (one := _opened(following, kind, is_json)) is not None]
        return None if not filters else filters[0] if len(filters) == 1 else _Chain(filters)


def _opened(following: Following, kind: TextKind, is_json: bool) -> TextFilter | None:
    try:
        seen_by = following.follower.on_answer(kind, is_json=is_json)
    except Refused as refused:
        raise told(refused) from None
    except GatewayError:
        raise
    except Exception as error:  # noqa: BLE001 - somebody else's code; it decides about one request only
        following.rule.failed("on_answer", error)
        return None
    return None if seen_by is None else _Watched(following.rule, seen_by)


class _Watched:
    """A hook's filter, whose failures are its own; see `hooks.TextFilter`. A failed one lets everything pass."""

    __slots__ = ("_inner", "_rule")

    def __init__(self, rule: HookRule, inner: TextFilter) -> None:
        self._rule = rule
        self._inner: TextFilter | None = inner

    def feed(self, text: str) -> str:
        if self._inner is None:
            return text
        try:
            return self._inner.feed(text)
        except Refused as refused:
            raise told(refused) from None
        except GatewayError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._inner = None
            self._rule.failed("on_answer", error)
            return text

    def close(self) -> str:
        if self._inner is None:
            return ""
        try:
            return self._inner.close()
        except Refused as refused:
            raise told(refused) from None
        except GatewayError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._rule.failed("on_answer", error)
            return ""


class _Chain:
    """Several filters of one text, one behind the other."""

    __slots__ = ("_filters",)

    def __init__(self, filters: Sequence[TextFilter]) -> None:
        self._filters = filters

    def feed(self, text: str) -> str:
        for one in self._filters:
            text = one.feed(text)
        return text

    def close(self) -> str:
        rest = ""
        for one in self._filters:
            rest = (one.feed(rest) if rest else "") + one.close()
        return rest
