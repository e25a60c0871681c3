"""Which port is free and who holds one."""

import os
import socket
import subprocess
import sys

from portal.embedded import ports, processes

LISTENER = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    server.accept()
"""


def test_taken_port_names_process_and_command() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LISTENER, "a-word-to-find"], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        try:
            assert not ports.is_free(port)
            assert ports.taken(port).startswith(f"port {port} is taken by process {child.pid} ({sys.executable}")
            found = ports.holder(port)
            assert found is not None
            assert found[0] == child.pid
        finally:
            child.kill()


def test_holder_that_proc_does_not_tell_is_another_process() -> None:
    port = ports.choose_free()
    assert ports.holder(port) is None
    assert ports.taken(port) == f"port {port} is taken by another process"


def test_free_port_is_free_and_a_bound_one_is_not() -> None:
    port = ports.choose_free()
    assert ports.is_free(port)
    with socket.create_server(("127.0.0.1", port)):
        assert not ports.is_free(port)
        assert ports.holder(port) == (os.getpid(), processes.command_line(os.getpid()))


def test_address_that_is_not_ours_is_not_called_taken() -> None:
    assert ports.why_not(ports.choose_free(), "192.0.2.1").startswith("192.0.2.1 is not an address of this machine")
    assert ports.why_not(ports.choose_free(), "::1") == ""
