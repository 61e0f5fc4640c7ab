import pytest

from tokenrouter.edge import paths


@pytest.mark.parametrize("prefix", ["", "/v1", "/openai", "/openai/v1"])
@pytest.mark.parametrize("operation", ["chat/completions", "completions", "embeddings", "responses"])
def test_every_operation_is_served_below_every_prefix(prefix: str, operation: str) -> None:
    target = paths.find(f"{prefix}/{operation}".encode())

    assert target is not None
    assert target.dialect is not None


@pytest.mark.parametrize("prefix", ["", "/v1", "/anthropic", "/anthropic/v1"])
@pytest.mark.parametrize("operation", ["messages", "messages/count_tokens"])
def test_anthropics_operations_are_served_below_every_prefix(prefix: str, operation: str) -> None:
    target = paths.find(f"{prefix}/{operation}".encode())

    assert target is not None
    assert target.dialect is not None
    assert target.dialect.id_header == b"request-id"


VERTEX = "/v1beta1/publishers/google"
PROJECT = "/v1/projects/p/locations/eu/publishers/google"


@pytest.mark.parametrize("prefix", ["", "/v1", "/v1beta", "/v1alpha", "/gemini", "/gemini/v1beta", VERTEX, PROJECT])
@pytest.mark.parametrize(
    ("quoted", "model"),
    [("acme/small", "acme/small"), ("acme%2Fsmall", "acme/small"), ("a:b%3A1", "a:b:1"), ("gemini-3", "gemini-3")],
)
def test_geminis_model_and_verb_are_taken_out_of_the_path(prefix: str, quoted: str, model: str) -> None:
    streaming = paths.find(f"{prefix}/models/{quoted}:streamGenerateContent".encode())
    whole = paths.find(f"{prefix}/models/{quoted}%3AgenerateContent".encode())

    assert streaming is not None
    assert (streaming.method, streaming.model, streaming.stream) == (b"POST", model, True)
    assert whole is not None
    assert (whole.dialect, whole.model, whole.stream) == (streaming.dialect, model, False)


@pytest.mark.parametrize("model", ["acme/small", "acme/models/small", "gemini/small"])
def test_a_verb_is_understood_although_the_path_does_not_say_models(model: str) -> None:
    target = paths.find(f"/v1beta/{model}:streamGenerateContent".encode())

    assert target is not None
    assert (target.model, target.stream) == (model, True)
    assert paths.find(f"/v1beta/{model}:someday".encode()) is None


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta1/publishers/acme/models/small", "acme/small"),
        ("/v1beta1/publishers/google/models/publishers/acme/models/small", "acme/small"),
        ("/v1beta1/publishers/google/models/publishers/google/models/gemini-3", "gemini-3"),
        ("/v1/projects/p/locations/eu/publishers/acme/models/a%2Fb", "acme/a/b"),
    ],
)
def test_a_publisher_is_a_provider_unless_it_is_google(path: str, model: str) -> None:
    target = paths.find(f"{path}:generateContent".encode())

    assert target is not None
    assert target.model == model


@pytest.mark.parametrize("verb", ["countTokens", "embedContent", "batchEmbedContents"])
def test_geminis_other_verbs_have_operations_of_their_own(verb: str) -> None:
    target = paths.find(f"/v1/models/m:{verb}".encode())

    assert target is not None
    assert target.dialect is not None
    assert target.dialect.operation != "generate_content"


def test_a_model_id_may_hold_slashes_and_colons() -> None:
    target = paths.find(b"/v1/models/sandbox/fault/400:free")

    assert target is not None
    assert (target.method, target.inquiry, target.model) == (b"GET", "model", "sandbox/fault/400:free")


def test_no_path_belongs_to_both_processes() -> None:
    assert not [path for path in paths.TARGETS if paths.is_control(path)]
    assert paths.is_control(b"/")
    assert paths.is_control(b"/admin/setup")
    assert not paths.is_control(b"/administrator")


def test_paths_of_the_predecessors_apis_are_the_control_process_s() -> None:
    for path in (b"/register", b"/auth/login", b"/manage/providers/7/models", b"/v1/usage/physics", b"/admin/gen_key"):
        assert paths.is_control(path)
        assert paths.find(path) is None
    assert not paths.is_control(b"/v1/usage")
    assert not paths.is_control(b"/authors")


@pytest.mark.parametrize("path", ["/v1/route/decisions/req_0a.2", "/route/decisions/req_0a.2"])
def test_a_decision_is_found_by_the_id_of_its_request(path: str) -> None:
    target = paths.find(path.encode())

    assert target is not None
    assert (target.inquiry, target.id, target.method) == ("decision", "req_0a.2", b"GET")
