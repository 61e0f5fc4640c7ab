import socket
from pathlib import Path

from tests.cli.doctor.patients import patient, told
from tokenrouter.app.running import RunningServer
from tokenrouter.cli.doctor.machine import check_disk, check_open_files, check_ports
from tokenrouter.config.applied import Applied


def test_a_disk_without_room_is_a_problem(tmp_path: Path) -> None:
    full = patient(tmp_path, f"journal_reserve_bytes = {2**62}\n")

    assert "make room" in told(list(check_disk(full)), "problem")
    assert "are free at" in told(list(check_disk(patient(tmp_path, ""))), "ok")


def test_more_connections_than_open_files_are_told(tmp_path: Path) -> None:
    assert "LimitNOFILE=2000256" in told(
        list(check_open_files(patient(tmp_path, "max_connections = 1000000\n"))), "note"
    )
    assert told(list(check_open_files(patient(tmp_path, "max_connections = 1\n"))), "ok")


def test_an_address_that_is_taken_is_a_problem_unless_our_server_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        looked = patient(tmp_path, f'listen_addr = "{address}"\n')
        said = told(list(check_ports(looked)), "problem")
        outline = {"setting": {"": {"listen_addr": address}}}
        applied = Applied(1, 0.0, 0.0, None, None, None, outline=outline)
        ours = patient(tmp_path, f'listen_addr = "{address}"\n', server=RunningServer(0), applied=applied)

        assert f"{address} cannot be listened on: Address already in use stop what uses it" in said
        assert "(`ss -ltnp` says what), or choose another with listen_addr" in said
        assert "held by the server that runs here" in told(list(check_ports(ours)), "ok")
    assert "is free" in told(list(check_ports(looked)), "ok")


def test_an_address_of_another_machine_is_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        metrics = f'metrics_addr = "127.0.0.1:{taken.getsockname()[1]}"\n'
        said = told(list(check_ports(patient(tmp_path, metrics))), "problem")
        assert "or choose another with metrics_addr" in said
    said = told(list(check_ports(patient(tmp_path, 'metrics_addr = "192.0.2.1:9100"\n'))), "problem")

    assert "metrics_addr: 192.0.2.1:9100 cannot be listened on" in said
    assert "no address of this machine" in said
