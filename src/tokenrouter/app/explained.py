"""The data process's answer to a question about a route that the control process passes on (`jobs/explanations.py`)."""

import time

import msgspec

from tokenrouter.app.channel import Explained, ExplainWanted
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.errors import GatewayError
from tokenrouter.edge import paths
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.explain import Explainer
from tokenrouter.gateway.question import read_question


async def explained(explainer: Explainer, directory: Directory, wanted: ExplainWanted) -> Explained:
    """Return what would become of a request; one that would be refused is answered with its error."""
    head = CallHead(CHAT, wanted.digest, wanted.client_ip)
    call = Call(head, wanted.body, "", time.time(), time.monotonic())
    try:
        asker = directory.principal(wanted.digest, call.now_s, wanted.client_ip)
        told = await explainer.explain(directory, asker, read_question(call, paths.DIALECTS))
    except GatewayError as error:
        return Explained(wanted.asked, status=error.status, code=error.code, message=error.message)
    return Explained(wanted.asked, msgspec.json.encode(told))
