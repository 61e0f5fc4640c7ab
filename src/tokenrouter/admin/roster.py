"""`/api/v1/roster`: a class list becomes teams, people, a key and a limit each.

The list is the body as a spreadsheet has written it; how it is taken stands in the address. Keys that it makes are in
the answer and nowhere else: as JSON, as a table, or as slips to be printed, cut and handed out.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.problems import Problem, problem_response
from tokenrouter.admin.slips import Handout, Paper, handouts_csv, slips_page, slips_policy
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.roster import MAX_ROSTER_BYTES, Roster, RosterMistake, read_roster
from tokenrouter.jobs.roster import Declared, PersonOutcome, RosterOutcome, RosterWishes, import_roster
from tokenrouter.jobs.shown_address import url_for_others

router: Final = APIRouter(prefix="/api/v1/roster", tags=["roster"])

MAX_TOLD_MISTAKES: Final = 200
_TAKEN: Final = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}
_WRITTEN: Final = {"schema": {"type": "string"}}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": _WRITTEN, "text/html": _WRITTEN}},
    413: {},
}


class RosterQuery(BaseModel):
    """How a list is to be taken.

    `team` is that of lines that name none. `disable_gone`: whether who is in the teams of the list and not in the list
    is switched off; `enable_listed`: whether who is in it and switched off is switched on again.
    """

    team: Annotated[Text, Field(max_length=100)] = ""
    dry_run: bool = False
    disable_gone: bool = False
    enable_listed: bool = False
    format: Literal["json", "csv", "slips"] = "json"
    paper: Paper = "a4"


class RosterPerson(BaseModel):
    """What became of one line; `key` is a new one, shown this once, or null."""

    line: int
    name: str
    email: str
    team: str
    changes: list[str]
    key: str | None
    quota_tokens: int | None


class RosterAnswer(BaseModel):
    """What became of a list; after a dry run nothing has. `gone` are in its teams and not in the list."""

    dry_run: bool
    people: list[RosterPerson]
    new_teams: list[str]
    gone: list[str]
    disabled: list[str]
    notes: list[str]


@router.post("", response_model=RosterAnswer, openapi_extra=_TAKEN, responses=_ANSWERS)
async def take_roster(
    request: Request,
    state: State,
    grant: Annotated[Grant, needs("roster.import")],
    wanted: Annotated[RosterQuery, Query()],
) -> Response:
    """Bring teams, people, keys and limits up to date with a class list: all of it, or nothing."""
    raw = await request.body()
    if len(raw) > MAX_ROSTER_BYTES:
        raise Problem(413, "request_too_large", f"A list has at most {MAX_ROSTER_BYTES // 2**20} MiB.")
    return await run_in_threadpool(_answer, state, grant, read_roster(raw), wanted)


def base_url(state: ControlState) -> str:
    """Return what clients are pointed at: as the operator says it, or where this server listens."""
    return state.settings.public_url or f"{url_for_others(state.address)}/v1"


def example_model(catalog: Catalog) -> str:
    """Return a model to show in examples."""
    named = (f"{one.name}/{one.models[0]}" for one in catalog.providers if one.enabled and one.models)
    return next(named, "provider/model")


def handouts(people: Sequence[PersonOutcome]) -> list[Handout]:
    """Return what those get who have a new key."""
    return [Handout(one.name, one.key, one.email, one.team, one.quota_tokens) for one in people if one.key is not None]


def _answer(state: ControlState, grant: Grant, roster: Roster, wanted: RosterQuery) -> Response:
    settings = state.settings
    outcome = import_roster(
        grant.store,
        roster,
        RosterWishes(wanted.team, disable_gone=wanted.disable_gone, enable_listed=wanted.enable_listed),
        Declared(state.declared_keys(), settings.teams, settings.limits),
        pepper=state.pepper,
        now_s=state.clock(),
        dry_run=wanted.dry_run,
    )
    if outcome.mistakes:
        return _mistaken(outcome.mistakes)
    if not wanted.dry_run:
        state.keys_changed()
    return _told(state, outcome, wanted)


def _told(state: ControlState, outcome: RosterOutcome, wanted: RosterQuery) -> Response:
    address = base_url(state)
    if wanted.format == "csv":
        written = handouts_csv(handouts(outcome.people), base_url=address)
        headers = {"content-disposition": 'attachment; filename="keys.csv"'}
        return Response(written, media_type="text/csv; charset=utf-8", headers=headers)
    if wanted.format == "slips":
        model = example_model(state.catalog())
        page = slips_page(handouts(outcome.people), base_url=address, model=model, paper=wanted.paper)
        return Response(page, media_type="text/html", headers={"content-security-policy": slips_policy(wanted.paper)})
    return JSONResponse(_shown(outcome, dry_run=wanted.dry_run).model_dump())


def _shown(outcome: RosterOutcome, *, dry_run: bool) -> RosterAnswer:
    people = [
        RosterPerson(
            line=one.number,
            name=one.name,
            email=one.email,
            team=one.team,
            changes=list(one.changes),
            key=one.key,
            quota_tokens=one.quota_tokens,
        )
        for one in outcome.people
    ]
    return RosterAnswer(
        dry_run=dry_run,
        people=people,
        new_teams=list(outcome.new_teams),
        gone=list(outcome.gone),
        disabled=list(outcome.disabled),
        notes=list(outcome.notes),
    )


def _mistaken(mistakes: Sequence[RosterMistake]) -> Response:
    told = [
        {"field": f"line {one.number}{f', {one.column}' if one.column else ''}", "message": one.message}
        for one in mistakes[:MAX_TOLD_MISTAKES]
    ]
    words = f"The list has {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}, and nothing was changed: "
    return problem_response(422, "invalid_field", words + "; ".join(map(str, mistakes[:5])), errors=told)
