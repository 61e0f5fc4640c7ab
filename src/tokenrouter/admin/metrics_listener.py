"""`/metrics` on an address of its own, where nobody is asked for a key: who reaches it is the network's business."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tokenrouter.admin.metrics import metrics_answer
from tokenrouter.admin.state import ControlState


def create_metrics_app(state: ControlState) -> Starlette:
    """Return an application that has `/metrics` and nothing else."""

    def metrics(_request: Request) -> Response:
        return metrics_answer(state)

    return Starlette(routes=[Route("/metrics", metrics)])
