"""`python -m tokenrouter.sandbox`: the command line of the sandbox."""

import argparse
import asyncio
from pathlib import Path

from tokenrouter.sandbox.aws.routes import AwsAccess
from tokenrouter.sandbox.aws.sigv4 import AccessKey
from tokenrouter.sandbox.google.access import LIFETIME_S, GoogleAccess
from tokenrouter.sandbox.google.rs256 import read_public_key
from tokenrouter.sandbox.program import Options, run


def main() -> None:
    """Parse the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tokenrouter.sandbox", description="A provider without an account.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--fd", type=int, help="a socket that listens already, instead of host and port")
    parser.add_argument("--parent-fd", type=int, help="a pipe; when it ends, so does the sandbox")
    parser.add_argument("--books", type=Path, help="file to which every request is appended")
    parser.add_argument("--api-key", action="append", default=[], help="accept only these keys; repeatable")
    parser.add_argument("--aws-access-key", help="ID:SECRET or ID:SECRET:SESSION_TOKEN, else AWS's documented example")
    parser.add_argument("--aws-region", default=AwsAccess().region)
    parser.add_argument("--google-public-key", type=Path, help="PEM file: accept only assertions signed with its pair")
    parser.add_argument("--google-token-lifetime", type=float, default=LIFETIME_S, metavar="SECONDS")
    given = parser.parse_args()
    options = Options(
        given.host, given.port, given.fd, given.parent_fd, given.books, given.api_key, _aws(given), _google(given)
    )
    asyncio.run(run(options))


def _aws(given: argparse.Namespace) -> AwsAccess:
    if given.aws_access_key is None:
        return AwsAccess(region=given.aws_region)
    return AwsAccess(AccessKey(*given.aws_access_key.split(":", 2)), given.aws_region)


def _google(given: argparse.Namespace) -> GoogleAccess:
    pem = given.google_public_key
    return GoogleAccess(read_public_key(pem.read_text()) if pem else None, given.google_token_lifetime)


if __name__ == "__main__":
    main()
