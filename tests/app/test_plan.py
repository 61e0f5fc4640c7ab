from tokenrouter.app.plan import Bound, Plan


def test_a_plan_survives_the_way_to_the_supervisor() -> None:
    plan = Plan(
        "/state", [Bound("tls", "127.0.0.1", 0)], config="x.toml", data=["a", "b"], lines=["provider acme"], drain_s=1.5
    )

    assert Plan.from_json(plan.to_json()) == plan
