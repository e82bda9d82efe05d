"""From a path or URL to the file system that holds it."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.fs as pafs

from features.errors import ConfigError, DataError
from features.readers.location import NEAR, Location
from features.suggest import nearest

# The second form is fsspec's chain, as in simplecache::s3://bucket/a.csv.
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)(?:://|::(?=.*://))(?P<rest>.*)", re.DOTALL)
_SECRET = re.compile(r"(?<=//)[^/@:]*:[^/@]*@|\?[^\s'/]*=[^\s']*")  # user:password@, ?key=...
_PATIENCE = "retry_limit_seconds"
_SECONDS = 60  # Google's client would try for 15 minutes where there is no network


def located(entry: str, base: Path) -> Location:
    """Return where `entry` lies: a URL, or a path relative to the folder `base`.

    Arrow's own file systems come first (s3, gs, abfs, hdfs), then those of fsspec. In Arrow's
    URLs, `?key=value` sets an option such as region or endpoint_override.

    Raises ConfigError where the URL is malformed, of no known scheme, or needs a package that
    is not installed; DataError where its store cannot be reached.
    """
    match = _URL.fullmatch(entry)
    if match is None:
        path = str(base / entry)
        return Location(NEAR, path, path)
    if match["scheme"] == "file":
        return _near(entry, match["rest"])
    try:
        chained = "::" in entry
        found = None if chained else _by_arrow(entry, match["scheme"], match["rest"])
        return found or _by_fsspec(entry)
    except OSError as cause:
        raise DataError(f"{shown(entry)} cannot be reached: {_said(cause)}") from cause


def is_url(entry: str) -> bool:
    """Whether `entry` is a URL rather than a path."""
    return _URL.fullmatch(entry) is not None


def shown(url: str) -> str:
    """Return `url` without passwords and options."""
    return _SECRET.sub("", url)


def _near(entry: str, rest: str) -> Location:
    host, _, path = rest.partition("/")
    if host not in ("", "localhost"):
        raise ConfigError(
            f"a file:// URL must name a file of this machine, as in file:///data/log.csv; got "
            f"{entry!r}."
        )
    path = "/" + unquote(path)
    return Location(NEAR, path, path)


def _by_arrow(entry: str, scheme: str, rest: str) -> Location | None:
    """Return the location in one of Arrow's own file systems; None where it has none for it."""
    rest, _, query = rest.partition("?")
    host, slash, path = rest.partition("/")
    if scheme in ("gs", "gcs") and _PATIENCE not in query:
        query = f"{query}&{_PATIENCE}={_SECONDS}".lstrip("&")
    # Names in object stores may hold any character, "%3D" and "[" included.
    url = f"{scheme}://{host}{slash}{quote(path.strip('/'))}{'?' if query else ''}{query}"
    try:
        filesystem, found = pafs.FileSystem.from_uri(url)
    except pa.ArrowNotImplementedError:  # this Arrow was built without it
        return None
    except pa.ArrowInvalid as cause:
        if "unrecognized filesystem" in str(cause).lower():
            return None
        raise ConfigError(f"{shown(entry)} must be a URL of a file: {_said(cause)}") from cause
    except ImportError as cause:
        raise ConfigError(f"{shown(entry)} needs a further package: {_said(cause)}") from cause
    return Location(filesystem, found, shown(f"{scheme}://{host}{slash}{path.strip('/')}"))


def _by_fsspec(entry: str) -> Location:
    scheme = re.split("::|://", entry, maxsplit=1)[0]
    try:
        fsspec: Any = import_module("fsspec")
    except ImportError as cause:
        raise ConfigError(
            f"{scheme}:// is read through fsspec, which is not installed; install the extra "
            "remote: pip install 'crossrank[remote]'."
        ) from cause
    try:
        filesystem, path = fsspec.core.url_to_fs(entry)
    except ImportError as cause:
        raise ConfigError(f"{shown(entry)} needs a further package: {_said(cause)}") from cause
    except (ValueError, TypeError) as cause:
        known = fsspec.available_protocols()
        raise ConfigError(
            f"{shown(entry)} must be a URL whose scheme fsspec knows: {_said(cause)}."
            f"{'' if scheme in known else nearest(scheme, known)}"
        ) from cause
    whole = filesystem.unstrip_protocol(path)
    return Location(pafs.PyFileSystem(pafs.FSSpecHandler(filesystem)), path, shown(whole))


def _said(cause: BaseException) -> str:
    return shown(" ".join(str(cause).split())[:300])
