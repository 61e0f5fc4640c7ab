"""What `torod config` asks: one table for the terminal, flags, variables and answers files.

It loads nothing else, since the flags of a command are made of it before any command runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["text", "texts", "flag", "secret"]
"""`secret` is a text that no flag may carry: whoever looks at the list of processes could read it."""
Said = Mapping[str, Any]
"""Answers by the question's name: texts, tuples of texts, and booleans. What was not answered is not there."""

TLS_MODES: Final = ("off", "proxy", "pem", "self_signed", "letsencrypt")
TERMS_URL: Final = "https://letsencrypt.org/repository/"
ADMIN_WAYS: Final = ("key", "link", "keep")
LOCAL, SANDBOX, NONE = "local", "sandbox", "none"
"""Answers to `provider_type` that are no vendor: servers on this machine, the offline one, and nobody for now."""
KEY_NAMES: Final = ("provider_key_env", "provider_key_file", "provider_key")
VARIABLE_PREFIX: Final = "TOROD_CONFIG_"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `about` is what its flag's help and the documentation say."""

    name: str
    about: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """Return its flag; a secret's is only a name, for messages."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Return the environment variable that answers it."""
        return VARIABLE_PREFIX + self.name.upper()


QUESTIONS: Final = (
    Question("listen_addr", "Where to listen: host:port."),
    Question("trusted_proxies", "Reverse proxies that are believed: addresses or networks.", "texts"),
    Question("public_url", "What clients are pointed at, when that is not listen_addr: https://ai.example.org/v1."),
    Question("tls", "Who speaks TLS: nobody, a proxy in front, or torod itself.", choices=TLS_MODES),
    Question("tls_listen_addr", "Where TLS is spoken: host:port, or :443."),
    Question("tls_domain", "Names that the certificate is for.", "texts"),
    Question("tls_email", "Whom Let's Encrypt writes to before a certificate ends."),
    Question("tls_accept_terms", f"Accept Let's Encrypt's terms of service: {TERMS_URL}", "flag"),
    Question("tls_cert_file", "A PEM file with the certificate and its chain."),
    Question("tls_key_file", "A PEM file with the certificate's private key."),
    Question("tls_redirect", "Whether plain HTTP only leads to HTTPS.", "flag"),
    Question("tls_redirect_addr", "One more address for plain HTTP that leads to HTTPS, for Let's Encrypt: :80."),
    Question("provider_type", "The first provider: a vendor's name, openai-compatible, local, sandbox, or none."),
    Question("provider_name", "What it is called in provider/model; its type's name when left out."),
    Question("provider_base_url", "Where it is, when its vendor does not say."),
    Question("provider_key_env", "The variable that holds its key."),
    Question("provider_key_file", "The file that holds its key."),
    Question("provider_key", "Its key itself, kept in a file of mode 0600. Not as a flag.", "secret"),
    Question(
        "admin",
        "How the administrator gets in: a key made now, the link of the first start, or as it is.",
        choices=ADMIN_WAYS,
    ),
    Question("database_url", "sqlite:///FILE or postgresql://user:password@host/database. Not as a flag.", "secret"),
    Question("redis_url", "redis://host:port/0, for several processes or machines. Not as a flag.", "secret"),
)
BY_NAME: Final[Mapping[str, Question]] = {question.name: question for question in QUESTIONS}
