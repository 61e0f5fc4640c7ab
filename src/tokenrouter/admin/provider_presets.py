"""`/api/v1/provider-presets`: the vendors that are known, so that a provider takes no more than a name and a key."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.provider_bodies import PresetList, ShownPreset
from tokenrouter.providers import OPENAI_COMPATIBLE, Preset, presets

router: Final = APIRouter(prefix="/api/v1/provider-presets", tags=["providers"])


@router.get("")
def list_all(
    _grant: Annotated[Grant, needs("providers.read")],
    q: Annotated[str, Query(max_length=100, description="Part of a name or a note.")] = "",
) -> PresetList:
    """Return the vendors whose name or note has `q` in it, by name."""
    wanted = q.lower()
    rows = (OPENAI_COMPATIBLE, *presets().values())
    return PresetList(
        data=[_shown(row) for row in rows if wanted in f"{row.name}\n{row.display_name}\n{row.note}".lower()]
    )


def _shown(row: Preset) -> ShownPreset:
    return ShownPreset(
        name=row.name,
        display_name=row.display_name,
        base_url=row.base_url,
        needs_key=row.auth != "none" and not row.local and not row.public_free,
        api_key_env=list(row.api_key_env),
        operations=list(row.operations),
        docs_url=row.docs_url,
        note=row.note,
        free_tier=row.free_tier,
        trial_credits=row.trial_credits,
        public_free=row.public_free,
        local=row.local,
    )
