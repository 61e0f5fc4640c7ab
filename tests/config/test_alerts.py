"""`[alerts]` and what providers say of their quotas, in whole files."""

from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import AlertSettings, EmailSetting, Settings, WebhookSetting

HOOK = '[[alerts.webhooks]]\nurl = "{url}"\nsecret = "env:HOOK_SECRET"\n'
SECRET = "0123456789abcdef"


def read(folder: Path, text: str) -> Settings:
    (folder / "torod.toml").write_text(text)
    environ = {"TOKENROUTER_HOME": str(folder), "HOOK_SECRET": SECRET, "SHORT": "short"}
    return load(config=None, environ=environ)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(folder, text)
    return [str(problem) for problem in caught.value.problems]


def test_without_a_word_thresholds_are_usual_and_only_the_log_tells(tmp_path: Path) -> None:
    assert read(tmp_path, "").alerts == AlertSettings((20, 5, 0), 3600.0, ())


def test_all_of_it_can_be_said(tmp_path: Path) -> None:
    text = "[alerts]\nquota_thresholds = [0, 10]\nshortest_window_s = 60\n" + HOOK.format(url="https://x.example/h?a=b")
    text += '[[alerts.webhooks]]\nurl = "http://127.0.0.1:9/"\nsecret = "env:HOOK_SECRET"\nallow_private = true\n'

    alerts = read(tmp_path, text).alerts

    assert (alerts.quota_thresholds, alerts.shortest_window_s) == ((10, 0), 60.0)
    assert alerts.webhooks == (
        WebhookSetting("https://x.example/h?a=b", SECRET),
        WebhookSetting("http://127.0.0.1:9/", SECRET, allow_private=True),
    )
    assert SECRET not in repr(alerts)
    assert "x.example" not in repr(alerts)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[alerts]\nquota_thresholds = [100]\n", "torod.toml:2: alerts.quota_thresholds: must be an array"),
        ("[alerts]\nquota_treshold = [1]\n", "quota_treshold: unknown key; did you mean"),
        (HOOK.format(url="http://x.example/"), "must begin with https://, unless allow_private is true"),
        (HOOK.format(url="ftp://x.example/"), "must begin with http:// or https://"),
        ('[[alerts.webhooks]]\nurl = "https://x.example/"\nsecret = "env:SHORT"\n', "at least 16 characters"),
        ('[[alerts.webhooks]]\nsecret = "env:HOOK_SECRET"\n', "alerts.webhooks[0].url: is missing"),
        (HOOK.format(url="https://x.example/") * 17, "there are 17 of them; 16 are the most"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, told: str) -> None:
    assert any(told in mistake for mistake in mistakes(tmp_path, text))


def test_a_mistake_in_an_address_does_not_show_it(tmp_path: Path) -> None:
    assert "very-secret" not in "".join(mistakes(tmp_path, HOOK.format(url="http://very-secret.example/very-secret")))


def test_a_probe_is_sent_where_a_provider_says_so(tmp_path: Path) -> None:
    provider = '[[providers]]\nname = "{name}"\nprovider_type = "groq"\napi_key = "k"\n{more}\n'
    text = "quota_inspection = false\n" + provider.format(name="a", more="quota_probe = true")
    text += provider.format(name="b", more='quota_probe = true\nquota_probe_model = "tiny"')
    text += provider.format(name="c", more="")

    settings = read(tmp_path, text)

    assert settings.quota_probes == {"a": "", "b": "tiny"}
    assert not settings.quota_inspection
    assert "of no use" in mistakes(tmp_path, provider.format(name="d", more='quota_probe_model = "tiny"'))[0]


EMAIL = '[alerts.email]\nhost = "mail.test"\nfrom = "gateway@mail.test"\nto = ["ops@mail.test"]\n'


def test_e_mail_needs_a_server_a_sender_and_somebody_to_tell(tmp_path: Path) -> None:
    settings = read(tmp_path, EMAIL + 'security = "tls"\nuser = "ann"\npassword = "env:HOOK_SECRET"\nkinds = ["a.*"]\n')

    assert settings.alerts.email == EmailSetting(
        "mail.test", 465, "gateway@mail.test", ("ops@mail.test",), "tls", "ann", SECRET, ("a.*",)
    )
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (EMAIL.replace("mail.test", "", 1), "alerts.email.host: is missing"),
        (EMAIL.replace('"ops@mail.test"', ""), "alerts.email.to: must have 1 to 50"),
        (EMAIL.replace("ops@mail.test", "ops"), "alerts.email.to: 'ops' is not an address"),
        (EMAIL.replace("ops@mail.test", "a@b.c\\r\\nBcc: x@y.z"), "is not an address"),
        (EMAIL.replace("gateway@mail.test", "a b@c.d"), "alerts.email.from: 'a b@c.d' is not an address"),
        (EMAIL + 'security = "none"\npassword = "x"\n', "alerts.email.security: a password is not sent in the clear"),
        (EMAIL + "port = 70000\n", "alerts.email.port: 70000 is too large"),
    ],
)
def test_a_mistake_in_e_mail_is_told(tmp_path: Path, text: str, mistake: str) -> None:
    assert any(mistake in told for told in mistakes(tmp_path, text))
