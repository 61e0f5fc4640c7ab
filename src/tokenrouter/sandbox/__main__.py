"""`python -m tokenrouter.sandbox`: the command line of the sandbox."""

import argparse
import asyncio
from pathlib import Path

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
    given = parser.parse_args()
    options = Options(given.host, given.port, given.fd, given.parent_fd, given.books, given.api_key)
    asyncio.run(run(options))


if __name__ == "__main__":
    main()
