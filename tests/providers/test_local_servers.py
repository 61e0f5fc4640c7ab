from tests.jobs.local_programs import LLAMA_CPP, LMSTUDIO, OLLAMA, VLLM
from tokenrouter.providers.local_servers import LOCAL_KINDS, Said, is_any_model_list, joinable_names

PROGRAMS = {"ollama": OLLAMA, "lmstudio": LMSTUDIO, "llama-cpp": LLAMA_CPP, "vllm": VLLM}


def said_by(program: dict[str, object]) -> Said:
    """What it answers with status 200."""
    return {path: said for path, said in program.items() if not isinstance(said, tuple)}


def test_each_kind_knows_its_own_and_takes_none_of_the_others_for_it() -> None:
    for kind in LOCAL_KINDS:
        for name, program in PROGRAMS.items():
            assert kind.is_it(said_by(program)) == (name == kind.kind), (kind.kind, name)


def test_answers_of_strangers_are_nobody_s() -> None:
    strangers: list[object] = [None, [], "text", 7, {"data": "x"}, {"models": {}}, {"data": [1]}, {"data": [{}]}]
    for said in strangers:
        for kind in LOCAL_KINDS:
            assert not kind.is_it({kind.path: said})
        assert not is_any_model_list(said)


def test_an_empty_ollama_and_an_empty_lmstudio_are_themselves() -> None:
    ollama, lmstudio = LOCAL_KINDS[0], LOCAL_KINDS[1]

    assert ollama.is_it({ollama.path: {"models": []}})
    assert lmstudio.is_it({lmstudio.path: {"object": "list", "data": []}})
    assert not lmstudio.is_it({lmstudio.path: {"data": []}, ollama.path: {"models": []}})


def test_a_name_has_the_port_where_there_may_be_several() -> None:
    ports = {"ollama": (11434, 11500), "vllm": (8000,), "llama-cpp": (8080,), "lmstudio": ()}

    assert joinable_names(ports) == ("ollama", "ollama-local-11500", "vllm", "llama-cpp-local-8080")
