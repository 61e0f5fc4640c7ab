"""Asks the sandbox as Google's clients do, and a key pair for its service accounts."""

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sandbox.wire import Answered, send

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "https://oauth2.googleapis.com/token"
VERTEX = "/v1/projects/p/locations/us-central1/publishers/google/models"

WEATHER: Any = {
    "functionDeclarations": [
        {
            "name": "get_weather",
            "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]},
        },
        {"name": "get_time"},
    ]
}


def said(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def asking(text: str = "hello", **more: object) -> dict[str, Any]:
    return {"contents": [said(text)], **more}


def generate(base_url: str, model: str, body: object, method: str = "generateContent", query: str = "") -> Answered:
    """Over AI Studio's path, with a key."""
    return send(base_url, f"/v1beta/models/{model}:{method}{query}", body, {"x-goog-api-key": "k"})


def vertex(base_url: str, model: str, body: object, method: str = "generateContent", token: str = "t") -> Answered:
    """Over Vertex AI's path, with a token."""
    return send(base_url, f"{VERTEX}/{model}:{method}", body, {"authorization": f"Bearer {token}"})


def new_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def assertion(key: RSAPrivateKey, *, algorithm: str = "RS256", **claims: Any) -> str:
    """A service account's signed claims (RFC 7519, RFC 7518 3.3)."""
    now = int(time.time())
    told = {"iss": "a@p.iam", "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + 3600, **claims}
    parts = ({"alg": algorithm, "typ": "JWT"}, told)
    text = ".".join(_segment(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_segment(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
