from tokenrouter.limits.adjusting import Adjusted, Adjusting


def adjusting() -> tuple[Adjusting, list[tuple[str, str, int]]]:
    done: list[tuple[str, str, int]] = []
    return Adjusting(lambda limit_id, scope, amount: done.append((limit_id, scope, amount))), done


FIRST = Adjusted(3, "a", "key:x", -10)
SECOND = Adjusted(4, "a", "key:y", -20)


def test_an_adjustment_counts_once_however_often_it_comes() -> None:
    order, done = adjusting()
    order.restored(["a"], 2)

    for _ in range(2):
        order.take([FIRST, SECOND])

    assert done == [("a", "key:x", -10), ("a", "key:y", -20)]


def test_what_the_figures_contain_is_not_counted_again() -> None:
    order, done = adjusting()
    order.restored(["a"], 3)

    order.take([FIRST, SECOND])

    assert done == [("a", "key:y", -20)]


def test_what_comes_before_the_figures_waits_for_them() -> None:
    order, done = adjusting()
    order.take([SECOND, FIRST])
    assert not done

    order.restored(["b"], 9)
    assert not done
    order.restored(["a"], 3)

    assert done == [("a", "key:y", -20)]


def test_a_limit_that_comes_back_comes_with_new_figures() -> None:
    order, done = adjusting()
    order.restored(["a"], 2)
    order.reload(["b"])
    order.reload(["a", "b"])

    order.take([FIRST])
    assert not done
    order.restored(["a"], 2)

    assert done == [("a", "key:x", -10)]
