from pathlib import Path

from tests.config.wholes import TEXT, whole
from tokenrouter.config.differences import differences
from tokenrouter.config.outline import Outline, outline_of


def outline(folder: Path, text: str = TEXT, **env: str) -> Outline:
    return outline_of(whole(folder, text, **env), b"key")


def told(before: Outline, after: Outline) -> list[str]:
    return [line for change in differences(before, after) for line in change.lines()]


def test_the_same_configuration_is_no_change(tmp_path: Path) -> None:
    assert differences(outline(tmp_path), outline(tmp_path)) == []


def test_what_was_added_and_what_was_removed_is_named(tmp_path: Path) -> None:
    more = TEXT.replace("[[limits]]", '[[teams]]\nname = "physics"\n\n[[limits]]')

    assert told(outline(tmp_path), outline(tmp_path, more)) == ["  + team physics"]
    assert told(outline(tmp_path, more), outline(tmp_path)) == ["  - team physics"]


def test_a_setting_is_told_with_what_it_was_and_whether_it_waits(tmp_path: Path) -> None:
    changed = "workers = 2\n" + TEXT.replace("ttl_s = 60", "ttl_s = 70")

    assert told(outline(tmp_path), outline(tmp_path, changed)) == [
        "  ~ cache.ttl_s: 60.0 -> 70.0",
        "  ~ workers: 1 -> 2  (needs a restart)",
    ]


def test_fields_within_a_table_are_told_one_by_one(tmp_path: Path) -> None:
    changed = TEXT.replace('{ small = "acme-small" }', '{ small = "acme-tiny", big = "acme-big" }')

    assert told(outline(tmp_path), outline(tmp_path, changed)) == [
        "  ~ provider acme",
        '      model_mapping.small: "acme-small" -> "acme-tiny"',
        '      model_mapping.big: nothing -> "acme-big"',
    ]
    assert told(outline(tmp_path, changed), outline(tmp_path))[2] == '      model_mapping.big: "acme-big" -> nothing'


def test_a_secret_that_changed_is_told_so_and_not_told(tmp_path: Path) -> None:
    changed = TEXT.replace("hidden", "covert").replace("me:covert-password@", "me:covert-password@")

    lines = told(outline(tmp_path), outline(tmp_path, changed, ADMIN_PASSWORD=""))

    assert "hidden" not in str(lines)
    assert "covert" not in str(lines)
    assert "      api_keys: (secret) -> (changed)" in lines
    assert "  ~ admin_password: (secret) -> nothing" in lines
    assert "  ~ database_url: postgresql://me@db.test/tokenrouter -> (changed)  (needs a restart)" in lines


def test_a_field_that_an_older_version_did_not_know_is_no_change_while_it_says_nothing(tmp_path: Path) -> None:
    before = outline(tmp_path)
    del before["setting"][""]["sandbox"]
    del before["provider"]["acme"]["operations"]

    assert differences(before, outline(tmp_path)) == []
