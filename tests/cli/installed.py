"""`torod` in this process, against an installation of its own: as cheap as a test of a command can be."""

import os

from click.testing import CliRunner, Result

from tokenrouter.cli.torod import main
from tokenrouter.testing.processes import Home


def torod(home: Home, *args: str, text: str = "", **env: str) -> Result:
    """Run a command with the environment of `home` and nothing else."""
    return CliRunner().invoke(main, args, input=text, env={**dict.fromkeys(os.environ), **home.env, **env})
