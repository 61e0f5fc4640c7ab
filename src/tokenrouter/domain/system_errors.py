"""What an error of the system means, in the system's own words.

`asyncio` and `socket` put their own in the place of these ("Connect call failed ('127.0.0.1', 1)"), which tell a
function and an address that stands in the sentence already, but not what was wrong.
"""

import os


def reason(error: OSError) -> str:
    """Return why, such as `Connection refused`."""
    is_system_s = type(error).__module__ == "builtins"  # those of ssl and of name servers have numbers of their own
    if is_system_s and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
