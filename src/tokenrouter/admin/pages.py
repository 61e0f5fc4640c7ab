"""Where browsers begin, and the style of the plain pages (`admin/html.py`)."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tokenrouter import __version__
from tokenrouter.admin import html
from tokenrouter.admin.wanted_page import HOME

router: Final = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
def root(request: Request) -> Response:
    """Send browsers to the pages; tell programs what this is."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(HOME, 302)
    card = {"object": "tokenrouter", "service": "tokenrouter", "version": __version__, "api": "/v1", "docs": "/docs"}
    return JSONResponse(card)


@router.get("/dashboard")
def dashboard() -> Response:
    """Where the predecessors' pages were."""
    return RedirectResponse(HOME, 302)


@router.get("/admin/style.css")
def style() -> Response:
    """The pages' style sheet."""
    return Response(html.style_sheet(), media_type="text/css", headers={"cache-control": "max-age=3600"})
