"""The configuration: whether it can be read, whether anything would be served, and whether the server has it."""

from collections.abc import Iterator

from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.config.automatic import automatic_names


def check_configuration(patient: Patient) -> Iterator[Finding]:
    """Say every mistake in it, or what it comes to."""
    subject = "configuration"
    for problem in patient.problems:
        yield Finding("problem", subject, str(problem), "mend it; torod config check looks again")
    if (settings := patient.settings) is None:
        return
    file = settings.paths.config_file
    usual = settings.paths.default_config_file
    yield Finding("ok", subject, f"{file} is right" if file is not None else f"there is no file; {usual} would be it")
    for notice in settings.notices:
        yield Finding("note", subject, f"{notice.where}: {notice.message}")
    if not settings.providers and not automatic_names(settings):
        yield Finding(
            "note",
            subject,
            "it declares no provider, and none may join by itself",
            "put a provider's key in the environment, declare one, or make one: torod providers add NAME",
        )
