"""Keys and passwords: they stand in the environment or in the system's keyring, never in a file."""

from __future__ import annotations

from collections.abc import Mapping

from memo.errors import ConfigError


def key_of(
    account: str, variable: str, environ: Mapping[str, str], *, ask_keyring: bool = True
) -> str | None:
    """Return the key of an account, from the environment, else from the system's keyring.

    The keyring is asked for service `memo` and the account as user name, if the package `keyring`
    is installed.

    Args:
        account: What the key opens: a host, say.
        variable: The environment variable that may hold it.
        environ: The environment.
        ask_keyring: Whether to look in the keyring.

    Raises:
        ConfigError: The keyring refused.
    """
    if key := environ.get(variable):
        return key
    return _from_keyring(account, variable) if ask_keyring else None


def _from_keyring(account: str, variable: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ImportError:
        return None
    try:
        key: str | None = keyring.get_password("memo", account)
    except NoKeyringError:
        return None
    except KeyringError as error:
        raise ConfigError(
            f"the keyring did not give the key of {account}: {type(error).__name__}",
            hint=f"Unlock it, or put the key in {variable}.",
        ) from error
    return key
