"""`/docs` and `/openapi.json`: the whole API on one page, both processes' paths together.

Swagger UI comes from the `fastapi-offline` package: a gateway may stand where there is no internet, and
a page on which keys are typed should load nothing from elsewhere.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from tokenrouter.admin.answered_fields import require_answered_fields
from tokenrouter.admin.answers import declare_problems
from tokenrouter.admin.openapi_data_plane import PATHS

router: Final = APIRouter(include_in_schema=False)

STATIC_PATH: Final = "/static-offline-docs"
"""Must be one of the paths that the edge relays (`edge/paths.py`)."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""Swagger UI writes style attributes, and calls the API that it describes."""
_PAGE: Final = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TokenRouter API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{STATIC_PATH}/favicon.png"><link rel="stylesheet" href="{STATIC_PATH}/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="{STATIC_PATH}/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script></body></html>
"""
_SCRIPT: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""


@router.get("/docs")
def read_docs() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})


@router.get("/docs/start.js")
def read_script() -> Response:
    """Return what starts the page: a file of its own, so that no inline script need be allowed."""
    return Response(_SCRIPT, media_type="text/javascript")


@router.get("/openapi.json")
def read_openapi(request: Request) -> JSONResponse:
    """Return the OpenAPI document."""
    return JSONResponse(request.app.openapi())


def serve_documentation(app: FastAPI) -> None:
    """Add the documentation to `app`."""
    assets = str(files("fastapi_offline").joinpath("static"))
    app.mount(STATIC_PATH, StaticFiles(directory=assets), name="documentation")
    app.include_router(router)
    app.openapi = lambda: _remembered(app)  # type: ignore[method-assign]


def describe(title: str, version: str, description: str, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of both processes together."""
    document: dict[str, Any] = get_openapi(title=title, version=version, description=description, routes=routes)
    declare_problems(document)
    require_answered_fields(document)
    document["paths"] = {**PATHS, **document["paths"]}
    return document


def _remembered(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = describe(app.title, app.version, app.description, app.routes)
    return app.openapi_schema
