"""The control plane as one FastAPI application: every router in its place, and nothing else.

It listens on a private Unix socket; the data process relays to it, having taken every
`x-tokenrouter-*` header away that a client sent.
"""

from typing import Any, Final

from fastapi import FastAPI

from tokenrouter import __version__
from tokenrouter.admin import (
    access_codes,
    activity,
    alert_channels,
    aliases,
    attention,
    audit,
    benchmark,
    capture,
    conversation_stream,
    conversations,
    decisions,
    events,
    explain,
    key_usage,
    keys,
    ledger,
    ledger_export,
    ledger_stream,
    limits,
    logs,
    me,
    metrics,
    models,
    network,
    network_move,
    oidc_page,
    overview,
    own_sessions,
    pages,
    password_page,
    prices,
    pricing,
    profile,
    provider_presets,
    provider_status,
    providers,
    quotas,
    reconciliation,
    roster,
    search,
    secrets,
    session_api,
    settings,
    setup,
    sign_in_page,
    sign_in_rules,
    signing_up,
    team_reset,
    teams,
    tls,
    ui_pages,
    usage,
    user_access,
    users,
)
from tokenrouter.admin.compat import (
    classroom,
    classroom_logs,
    go_access_tokens,
    go_aliases,
    go_benchmark,
    go_conversations,
    go_events,
    go_logs,
    go_models,
    go_network,
    go_provider_changes,
    go_providers,
    go_security,
    go_stats,
    go_tls,
    go_version,
    llm_proxy,
    registration,
    tokentracer_auth,
    tokentracer_manage,
)
from tokenrouter.admin.compat.error_shapes import ErrorShapes
from tokenrouter.admin.compat.go_answers import GoAnswers
from tokenrouter.admin.docs import serve_documentation
from tokenrouter.admin.headers import SecurityHeaders
from tokenrouter.admin.problems import handle_problems
from tokenrouter.admin.state import ControlState

_ROUTERS: Final = (
    key_usage.router,
    keys.router,
    limits.router,
    aliases.router,
    capture.router,
    conversation_stream.router,
    conversations.router,
    profile.router,
    teams.router,
    users.router,
    audit.router,
    usage.router,
    activity.router,
    ledger.router,
    ledger_export.router,
    ledger_stream.router,
    reconciliation.router,
    roster.router,
    decisions.router,
    overview.router,
    attention.router,
    events.router,
    me.router,
    search.router,
    quotas.router,
    provider_status.router,
    provider_presets.router,
    providers.router,
    prices.router,
    secrets.router,
    settings.router,
    models.router,
    explain.router,
    network.router,
    tls.router,
    network_move.router,
    benchmark.router,
    alert_channels.router,
    sign_in_rules.router,
    metrics.router,
    logs.router,
    pricing.router,
    pages.router,
    setup.router,
    team_reset.router,
    llm_proxy.router,
    classroom.router,
    classroom_logs.router,
    registration.router,
    tokentracer_auth.router,
    tokentracer_manage.router,
    ui_pages.router,
    sign_in_page.router,
    password_page.router,
    oidc_page.router,
    session_api.router,
    own_sessions.router,
    user_access.router,
    access_codes.router,
    signing_up.router,
    go_access_tokens.router,
    go_aliases.router,
    go_benchmark.router,
    go_conversations.router,
    go_events.router,
    go_logs.router,
    go_models.router,
    go_network.router,
    go_tls.router,
    go_provider_changes.router,
    go_providers.router,
    go_security.router,
    go_stats.router,
    go_version.router,
)


def create_app(state: ControlState) -> FastAPI:
    """Return the application that works with `state`."""
    app = _routed()
    app.state.control = state
    app.add_middleware(ErrorShapes)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(GoAnswers, state=state)
    handle_problems(app)
    return app


def api_document() -> dict[str, Any]:
    """Return the OpenAPI document, which is the same for every state; `docs/openapi.json` is its copy."""
    return _routed().openapi()


def _routed() -> FastAPI:
    app = FastAPI(
        title="TokenRouter",
        version=__version__,
        description="One endpoint for all AI providers. Send a key as `Authorization: Bearer <key>`.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    for router in _ROUTERS:
        app.include_router(router)
    serve_documentation(app)
    ui_pages.serve_deep_links(app)
    return app
