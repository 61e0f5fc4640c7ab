"""What can be wrong with the database itself, in words for the operator.

These are not outcomes of a request (`domain/errors.py`): they stop a start or an administrator's
command, so they carry one message that says what was found and what to do.

    StoreError
    ├── DatabaseUnusable        it cannot be opened at all
    ├── ForeignDatabase         it belongs to another program
    ├── SchemaMissing           our tables are absent or older than this program
    ├── SchemaTooNew            our tables were made by a newer version
    ├── MigrationFailed         the tables could not be brought up to date
    ├── WrongSecret             they were written under another ENCRYPTION_KEY
    ├── CopyRefused             the data cannot be copied from here to there
    ├── KeyRefused              a key cannot be made or changed as asked
    │   ├── NameTaken
    │   ├── KeyTaken
    │   └── TooManyKeys         there are as many as whoever makes it may have
    ├── InvalidField            a value cannot be used; `field` names it
    ├── KeyUnknown              there is no such key
    ├── TeamTaken, UserTaken    another has the name or the e-mail address
    ├── TeamUnknown, UserUnknown
    ├── AccessCodeTaken, AccessCodeUnknown
    ├── SignUpRefused           nobody gets an account by this code, name and address
    ├── PersonRefused           it would leave nobody who owns this installation, or the like
    ├── SecretUnreadable        a secret cannot be decrypted, or kept
    ├── ProviderTaken           there is a provider of this name already
    ├── ProviderUnknown         there is no such provider in the database
    ├── PriceUnknown            there is no such price in the database
    ├── LimitTaken              a limit of this scope, metric, window and mode is there
    └── LimitUnknown            there is no such limit
"""


class StoreError(Exception):
    """Something about the database that a person has to mend; `str()` of it is the whole message."""


class DatabaseUnusable(StoreError):
    """The database cannot be opened: no such folder, no permission, not a database."""


class ForeignDatabase(StoreError):
    """The database holds tables that are not ours, so it is not touched.

    Attributes:
        looks_like: the program whose tables they seem to be, or "".
    """

    def __init__(self, message: str, *, looks_like: str = "") -> None:
        super().__init__(message)
        self.looks_like = looks_like


class SchemaMissing(StoreError):
    """Our tables are absent or older than this program needs."""


class SchemaTooNew(StoreError):
    """Our tables were made by a newer version of TokenRouter."""


class MigrationFailed(StoreError):
    """The tables could not be brought up to date."""


class WrongSecret(StoreError):
    """The database was first used under another `ENCRYPTION_KEY`: keys would not be recognised."""


class CopyRefused(StoreError):
    """The data cannot be copied from here to there; the source is as it was, and the target holds nothing of it."""


class KeyRefused(StoreError):
    """A key cannot be made or changed as asked."""


class NameTaken(KeyRefused):
    """Another key has this name."""


class KeyTaken(KeyRefused):
    """A key of the operator's choice exists already, under another name."""


class TooManyKeys(KeyRefused):
    """There are as many keys already as whoever makes it may have."""


class InvalidField(StoreError):
    """A field has a value that cannot be used."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class KeyUnknown(StoreError):
    """There is no key of this name or id in the database."""


class TeamTaken(StoreError):
    """Another team has this name."""


class TeamUnknown(StoreError):
    """There is no team of this name or id in the database."""


class UserTaken(StoreError):
    """Another user has this name or e-mail address."""


class UserUnknown(StoreError):
    """There is no user of this name, id or e-mail address in the database."""


class AccessCodeTaken(StoreError):
    """An access code is there already."""


class AccessCodeUnknown(StoreError):
    """There is no access code with this id."""


class SignUpRefused(StoreError):
    """Nobody gets an account by this; what stands against it is not told, for it would tell who has one."""

    def __init__(self) -> None:
        super().__init__("no account can be made with this address and this code")


class PersonRefused(StoreError):
    """A person cannot be changed or removed as asked, for the sake of the installation."""


class LimitTaken(StoreError):
    """There is a limit of this scope, metric, window and mode already."""


class LimitUnknown(StoreError):
    """There is no such limit in the database."""


class AliasTaken(StoreError):
    """There is an alias of this name and scope already."""


class AliasUnknown(StoreError):
    """There is no such alias in the database."""


class AliasRefused(StoreError):
    """An alias cannot be made, changed or removed: beside the others, it would lead nowhere or in a circle."""


class CaptureRuleUnknown(StoreError):
    """There is no rule about the capture of conversations for this scope in the database."""


class ConversationUnknown(StoreError):
    """There is no such conversation, or none that the caller may see."""


class SecretUnreadable(StoreError):
    """A secret cannot be decrypted, or none can be kept: the key for it is not here."""


class ProviderTaken(StoreError):
    """There is a provider of this name already."""


class ProviderUnknown(StoreError):
    """There is no such provider in the database."""


class PriceUnknown(StoreError):
    """There is no such price in the database."""
