"""Amazon Bedrock Runtime: `/model/{id}/converse`, `/converse-stream`, `/count-tokens`, signed or with an API key.

`/invoke` and `/invoke-with-response-stream` take the body of an Anthropic model (`anthropic_clouds`).

From the Amazon Bedrock API reference and user guide ("API keys", read 2026-11). A request is signed with SigV4 for the
service `bedrock` (`sigv4`), or bears an API key; with `api_keys` only these.
"""

import dataclasses
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from tokenrouter.sandbox.anthropic.clouds import AnthropicOnBedrock
from tokenrouter.sandbox.aws import event_stream, sigv4
from tokenrouter.sandbox.aws import request as bedrock_request
from tokenrouter.sandbox.aws.answer import ConverseAnswer
from tokenrouter.sandbox.aws.errors import AwsError, aws_error
from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.operations import Operation, Page
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Request
from tokenrouter.sandbox.speech import compose
from tokenrouter.sandbox.tokens import Usage

SERVICE: Final = "bedrock"
_PATH: Final = re.compile(r"/model/(?P<model>[^/]+)/(?P<operation>[a-z-]+)")


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """Who may use Bedrock. The default key pair is the one in AWS's documentation."""

    key: sigv4.AccessKey = sigv4.AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    region: str = "us-east-1"
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class BedrockRoutes:
    """The operations on one model each."""

    def __init__(self, api_keys: frozenset[str], access: AwsAccess) -> None:
        self._api_keys = api_keys
        self._access = access
        self._operations = {**_OPERATIONS, **AnthropicOnBedrock().operations}

    def __call__(self, request: Request) -> Operation | Page | None:
        found = _PATH.fullmatch(request.path)
        if found is None:
            return None
        answer = self._operations.get(found["operation"])
        if answer is None or request.method != "POST":
            return Page(_unknown_operation, aws_error)
        return Operation(
            dialect="bedrock",
            model=unquote(found["model"]),
            streams=found["operation"].endswith("-stream"),
            admit=self._admit,
            answer=answer,
            restate=_restated,
            headers=lambda _: f"x-amzn-requestid: {uuid.uuid4()}\r\n",
        )

    def _admit(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            sigv4.check(request, self._access.key, self._access.region, SERVICE, self._access.clock())
            return self._access.key.id
        if not key or (self._api_keys and key not in self._api_keys):
            message = "Authentication failed: Please make sure your API Key is valid."
            raise AwsError(403, "AccessDeniedException", message)
        return key


def converse(question: Question) -> Answer:
    """Raises: AwsError 400."""
    made = _made(question)
    return Answer(made.usage, made.document, failure=_failure)


def converse_stream(question: Question) -> Answer:
    """Raises: AwsError 400."""
    made = _made(question)
    headers = f"content-type: {event_stream.MEDIA_TYPE}\r\n"
    return Answer(made.usage, made.document, made, headers, _failure, made.malformed)


def count_tokens(question: Question) -> Answer:
    """Raises: AwsError 400."""
    request = bedrock_request.read_count(question.fields, question.raw, question.model)
    total = request.ask.tokens(question.model.tokenizer)
    return Answer(Usage(0), lambda: {"inputTokens": total})


def _made(question: Question) -> ConverseAnswer:
    request = bedrock_request.read_converse(question.fields, question.raw, question.model)
    said = compose(request.ask, question.model)
    usage = question.usage(request.ask, said)
    if not request.caches:
        usage = dataclasses.replace(usage, cached=0)
    stopped = said.finish == "stop" and bool(request.ask.stop)
    if stopped:
        unstopped = compose(dataclasses.replace(request.ask, stop=()), question.model)
        stopped = unstopped.text != said.text
    return ConverseAnswer(said, usage, question.model, request.caches, stopped)


def _failure(message: str) -> object:
    return aws_error(ApiError(500, message)).document()


def _restated(error: ApiError) -> AwsError:
    if error.code == "model_not_found":
        return AwsError(400, "ValidationException", "The provided model identifier is invalid.")
    return aws_error(error)


def _unknown_operation() -> object:
    raise AwsError(404, "UnknownOperationException", "The requested operation is not recognized by the service.")


_OPERATIONS: Final = {"converse": converse, "converse-stream": converse_stream, "count-tokens": count_tokens}
