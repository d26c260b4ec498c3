"""One company in one file: written from a single snapshot, restored into a schema of its own, compared row by row.

Everything goes by COPY, table by table: `pg_dump` of a deployment with hundreds of schemas fails at its locks.
"""

from tenancy.archives.comparing import Difference, compare
from tenancy.archives.manifest import Damaged, Manifest, TableEntry, UnreadableArchive, WrongTables, read_manifest
from tenancy.archives.restoring import restore
from tenancy.archives.writing import digest_of, write

__all__ = [
    "Damaged",
    "Difference",
    "Manifest",
    "TableEntry",
    "UnreadableArchive",
    "WrongTables",
    "compare",
    "digest_of",
    "read_manifest",
    "restore",
    "write",
]
