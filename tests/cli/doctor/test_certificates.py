from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.cli.doctor.patients import patient, told
from tokenrouter.cli.doctor.certificates import check_certificates
from tokenrouter.cli.doctor.finding import Patient
from tokenrouter.config.paths import find_paths


def write(folder: Path, name: str, days: float) -> tuple[Path, Path]:
    """Write a certificate that is good for `days`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("gateway.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def looked_at(folder: Path, certificate: Path, key: Path) -> Patient:
    (folder / "torod.toml").write_text(f'[tls]\nenabled = true\ncert_file = "{certificate}"\nkey_file = "{key}"\n')
    environ = {"TOKENROUTER_HOME": str(folder)}
    return Patient(find_paths(environ, None), environ, None)


def test_one_that_is_good_is_told_with_its_names_and_its_end(tmp_path: Path) -> None:
    found = list(check_certificates(looked_at(tmp_path, *write(tmp_path, "good", 90))))

    assert "for gateway.test is good until" in told(found, "ok")
    assert {one.level for one in found} == {"ok"}


def test_one_that_ends_soon_is_a_warning_and_one_that_has_ended_a_problem(tmp_path: Path) -> None:
    assert "renew it" in told(list(check_certificates(looked_at(tmp_path, *write(tmp_path, "soon", 5)))), "warning")
    assert "ended on" in told(list(check_certificates(looked_at(tmp_path, *write(tmp_path, "over", -1)))), "problem")


def test_a_key_of_another_certificate_and_files_that_are_none_are_problems(tmp_path: Path) -> None:
    certificate, key = write(tmp_path, "one", 90)
    _, other = write(tmp_path, "two", 90)

    assert "is not that of the certificate" in told(
        list(check_certificates(looked_at(tmp_path, certificate, other))), "problem"
    )
    assert "holds no certificate" in told(list(check_certificates(looked_at(tmp_path, key, key))), "problem")
    gone = tmp_path / "gone.pem"
    assert f"{gone} cannot be read" in told(list(check_certificates(looked_at(tmp_path, gone, key))), "problem")


def test_the_one_that_is_served_is_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "tls"
    folder.mkdir(parents=True)
    write(folder, "self_signed", -3)[0].rename(folder / "self_signed.pem")

    found = list(check_certificates(patient(tmp_path, '[tls]\nenabled = true\nmode = "self_signed"\n')))

    assert "self_signed.pem for gateway.test ended on" in told(found, "problem")
    assert list(check_certificates(patient(tmp_path, ""))) == []
