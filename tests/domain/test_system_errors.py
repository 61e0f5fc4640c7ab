import errno
import socket
import ssl

import pytest

from tokenrouter.domain.system_errors import reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "Connection refused"),
        (OSError(errno.EADDRINUSE, "Address in use (while attempting to bind on …)"), "Address already in use"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a"), "No such file or directory"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong"), "[SSL: WRONG_VERSION_NUMBER] wrong"),
        (OSError("Multiple exceptions: one, two"), "Multiple exceptions: one, two"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_the_system_s_words_are_told(error: OSError, words: str) -> None:
    assert reason(error) == words
