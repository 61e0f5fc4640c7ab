"""Taking what a request says of where it wants to go out of it, before it goes there.

Providers do not know these fields, and some answer 400 to what they do not know. One that chooses among providers
itself gets the preferences of a request that was sent to it by its prefix, as they are; the models that such a request
names are that provider's own, and each of them is asked for from here, so that its price and who may use it count.
"""

from dataclasses import replace

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.preferences import MODELS, PROVIDER, ROUTE, read_models, read_preferences
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.preferences import MAX_MODELS, Preferences
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Directory


def heeded(directory: Directory, call: Call, peeked: Head) -> tuple[Call, Head, Preferences]:
    """Return a call without its preferences, its head, and what they are; `models` begins with the model itself.

    Raises:
        InvalidRequest: they cannot be read, or promise what nobody here can.
    """
    dialect, prefix = call.head.dialect, _prefix_of_router(directory, peeked.model)
    if prefix:
        body = peeked.body.without((MODELS, ROUTE))
        wishes = Preferences(read_models(peeked.body.fields))
    else:
        body, wishes = peeked.body.without((MODELS, PROVIDER, ROUTE)), read_preferences(peeked.body.fields)
    own = (name if name.startswith(prefix) else f"{prefix}{name}" for name in wishes.models)
    models = tuple(dict.fromkeys((peeked.model, *own)))
    if len(models) > MAX_MODELS:
        raise InvalidRequest(f"At most {MAX_MODELS} models can be named, 'model' included.", param=MODELS)
    model = dialect.model_field(peeked.model)
    missing = {} if model is None or "model" in body.fields else {"model": model}
    whole = b"".join(body.changed(missing))
    head = dialect.peek(whole)
    head.unheard = wishes.unheard
    return replace(call, body=whole), head, replace(wishes, models=models)


def _prefix_of_router(directory: Directory, model: str) -> str:
    """Return the prefix of a provider that `model` is sent to and that chooses among others itself, or ""."""
    name, slash, rest = model.partition("/")
    entry = directory.providers.get(name) if slash and rest else None
    return f"{name}/" if entry is not None and entry.adapter.quirks.heeds_preferences else ""
