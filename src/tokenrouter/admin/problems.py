"""Errors of the control plane, as RFC 9457 problem documents.

One shape for every mistake, made here and nowhere else. What was sent is never repeated: it may hold a
key. The text is ASCII JSON, so that no character that somebody sent can break the answer.
"""

import json
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tokenrouter.config.problems import InvalidValues
from tokenrouter.domain.alias_text import InvalidAlias
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.limit_text import InvalidLimit
from tokenrouter.signin.passwords import UnfitPassword
from tokenrouter.store.errors import (
    AccessCodeTaken,
    AccessCodeUnknown,
    AliasRefused,
    AliasTaken,
    AliasUnknown,
    CaptureRuleUnknown,
    ConversationUnknown,
    InvalidField,
    KeyRefused,
    KeyUnknown,
    LimitTaken,
    LimitUnknown,
    PersonRefused,
    PriceUnknown,
    ProviderTaken,
    ProviderUnknown,
    SecretUnreadable,
    SignUpRefused,
    StoreError,
    TeamTaken,
    TeamUnknown,
    TooManyKeys,
    UserTaken,
    UserUnknown,
)

log = structlog.get_logger(__name__)


class Problem(Exception):
    """An answer that says what was wrong, and what to do."""

    def __init__(self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """Return a problem document; `errors` names the fields at fault."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        document["errors"] = list(errors)
    return Response(json.dumps(document), status, headers=headers, media_type="application/problem+json")


def handle_problems(app: FastAPI) -> None:
    """Make `app` answer every error with a problem document."""
    app.exception_handler(Problem)(_problem)
    app.exception_handler(GatewayError)(_gateway_error)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(InvalidLimit)(_invalid_fields)
    app.exception_handler(InvalidAlias)(_invalid_fields)
    app.exception_handler(UnfitPassword)(_unfit_password)
    app.exception_handler(InvalidValues)(_invalid_fields)
    app.exception_handler(StoreError)(_store_error)
    app.exception_handler(SQLAlchemyError)(_database_away)
    app.exception_handler(OSError)(_database_away)
    app.exception_handler(Exception)(_unforeseen)


async def _problem(_request: Request, error: Problem) -> Response:
    return problem_response(error.status, error.code, error.detail, headers=error.headers)


async def _gateway_error(_request: Request, error: GatewayError) -> Response:
    headers = {"www-authenticate": 'Bearer realm="tokenrouter"'} if error.status == 401 else {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
    return problem_response(error.status, error.code, error.message, headers=headers)


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem_response(400, "invalid_json", "The body is not JSON.")
    errors = [{"field": _field(one["loc"]), "message": one["msg"]} for one in found]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors[:5])
    return problem_response(422, "invalid_field", detail, errors=errors)


async def _invalid_fields(_request: Request, error: InvalidLimit | InvalidAlias | InvalidValues) -> Response:
    errors = [{"field": one.field, "message": one.message} for one in error.mistakes]
    return problem_response(422, "invalid_field", f"{error}.", errors=errors)


async def _unfit_password(_request: Request, error: UnfitPassword) -> Response:
    errors = [{"field": "password", "message": str(error)}]
    return problem_response(422, "invalid_field", f"password: {error}.", errors=errors)


async def _http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404:
        detail = f"There is nothing at {request.url.path[:200]!r}; /docs lists the API."
        return problem_response(404, "path_not_found", detail)
    if error.status_code == 405:
        detail = f"{request.url.path[:200]!r} does not take {request.method}."
        return problem_response(405, "method_not_allowed", detail, headers=error.headers)
    return problem_response(error.status_code, "invalid_request", str(error.detail), headers=error.headers)


_STORE_ERRORS: Final[Mapping[type[StoreError], tuple[int, str]]] = {
    AccessCodeTaken: (409, "access_code_exists"),
    AccessCodeUnknown: (404, "access_code_not_found"),
    AliasRefused: (409, "alias_in_use"),
    AliasTaken: (409, "alias_exists"),
    AliasUnknown: (404, "alias_not_found"),
    CaptureRuleUnknown: (404, "capture_rule_not_found"),
    ConversationUnknown: (404, "conversation_not_found"),
    KeyUnknown: (404, "key_not_found"),
    LimitTaken: (409, "limit_exists"),
    LimitUnknown: (404, "limit_not_found"),
    PriceUnknown: (404, "price_not_found"),
    ProviderTaken: (409, "provider_exists"),
    ProviderUnknown: (404, "provider_not_found"),
    SecretUnreadable: (503, "secret_unreadable"),
    TooManyKeys: (409, "too_many_keys"),
    KeyRefused: (409, "key_exists"),
    PersonRefused: (409, "last_owner"),
    SignUpRefused: (409, "sign_up_refused"),
    TeamTaken: (409, "team_exists"),
    TeamUnknown: (404, "team_not_found"),
    UserTaken: (409, "user_exists"),
    UserUnknown: (404, "user_not_found"),
}


async def _store_error(request: Request, error: StoreError) -> Response:
    if isinstance(error, InvalidField):
        return problem_response(
            422, "invalid_field", f"{error.field}: {error}", errors=[{"field": error.field, "message": str(error)}]
        )
    for kind, (status, code) in _STORE_ERRORS.items():
        if isinstance(error, kind):
            return problem_response(status, code, f"{error}.")
    return await _database_away(request, error)


async def _database_away(_request: Request, error: Exception) -> Response:
    log.error("the database is away", reason=str(error))
    detail = "The database cannot be reached now; nothing is lost. Try again in a moment."
    return problem_response(503, "store_away", detail, headers={"retry-after": "2"})


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("unforeseen error", path=request.url.path, exc_info=error)
    return problem_response(500, "internal_error", "The control process failed; its log has the details.")


def _field(location: tuple[int | str, ...]) -> str:
    """Return `allowed_models.0` for `("body", "allowed_models", 0)`."""
    return ".".join(str(part)[:100] for part in location[1:] or location)
