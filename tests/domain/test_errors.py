import inspect

from tokenrouter.domain import errors

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.GatewayError)]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__
    assert [one.__name__ for one in CLASSES if one.__name__ not in errors.__doc__] == []


def test_whose_fault_it_is_follows_from_the_branch() -> None:
    for one in CLASSES:
        if issubclass(one, errors.ClientError):
            as_http_wants = one is errors.NotCached  # RFC 9111, 5.2.1.7: `only-if-cached` is answered by 504
            assert (one.fault, as_http_wants or 400 <= one.status < 500) == ("client", True)
        elif issubclass(one, errors.ProviderError):
            told_to_client = one in (
                errors.ContextTooLong,
                errors.ContentRefused,
            )  # a 400 of the provider that passes as one
            assert (one.fault, told_to_client or 500 <= one.status < 600) == ("provider", True)


def test_an_error_says_what_it_was_told() -> None:
    error = errors.ProviderTimeout("slow", provider="acme", phase="total")

    assert (str(error), error.message, error.provider, error.phase, error.status) == (
        "slow",
        "slow",
        "acme",
        "total",
        504,
    )
