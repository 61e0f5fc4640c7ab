import msgspec

from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.price_question import Answer, Question, Wanted


def test_questions_and_answers_survive_the_pipe() -> None:
    question = Question(5.0, [Wanted("a", "openai", ["m"], with_known=False), Wanted("b", "anthropic")])
    answer = Answer({"a/m": flat_price(1, 2, "genai-prices")}, {"a/m": ModelFacts(8192)})

    assert msgspec.json.decode(msgspec.json.encode(question), type=Question) == question
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer
