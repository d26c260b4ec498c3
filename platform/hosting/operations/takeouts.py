"""All that a company has in files anybody can read, for its own administrator or for the host."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from hosting import models, taking_out
from hosting.operations import backups
from kernel.errors import NotFound, gettext_noop
from tenancy import context
from tenancy.archives import readable
from tenancy.archives.writing import Tell, digest_of, silent

FOLDER = "takeouts"
README = """Your data / 您的数据

tables/*.csv    one table each: UTF-8, comma separated, first line names the columns, times in UTC,
                sums of money as decimal numbers, energy in Wh. An empty cell is no value.
files/*         what was uploaded and made: documents, imports, logos.
manifest.json   every table and file with its rows, size and SHA-256, and what was left out and where.

Open the CSV files with an import that takes every column as text: a cell is given as it was entered,
and a spreadsheet may take one that begins with = + - or @ for a formula.
Passwords, keys and sessions are left out. Names and addresses that stand encrypted in the database are in clear here:
keep this file as you would keep the database.

tables/*.csv    每个文件一张表：UTF-8 编码，逗号分隔，首行为列名，时间为 UTC，
                金额为十进制数，电量单位为 Wh，空单元格表示无值。
files/*         上传和生成的文件：单据、导入文件、标志等。
manifest.json   每张表、每个文件的行数、大小和 SHA-256，以及未包含的内容。

请以“全部列为文本”的方式导入 CSV：单元格保持录入原样，以 = + - @ 开头的内容可能被电子表格当作公式。
不包含口令、密钥和会话。数据库中加密的姓名和地址在此为明文，请像保管数据库一样保管本文件。
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """The file that was written."""

    name: str
    size: int
    sha256: str
    rows: int


def write(*, job: models.Job, at: dt.datetime, tell: Tell = silent) -> Taken:
    """Write the job's company; a run after a cut one writes the file anew."""
    schema = job.retailer.schema_name if job.retailer is not None else ""
    retailer = context.retailer_by_schema(schema_name=schema)
    name = f"{retailer.code}-{job.asked_at:%Y%m%dT%H%M%S%f}.zip"
    path = folder_of(code=retailer.code) / name
    with context.use(retailer):
        found = readable.write(path=path, at=at, rules=taking_out.rules(), readme=README, tell=tell)
    return Taken(name, path.stat().st_size, digest_of(path), found.rows)


def folder_of(*, code: str) -> Path:
    """Return where what a company takes along is kept, until it is pruned."""
    return backups.folder_of(code=code) / FOLDER


def path_of(*, job: models.Job) -> Path:
    """Return the file of a job that is done; raises NotFound or BackupMissing."""
    if job.kind != models.Job.Kind.TAKEOUT or job.state != models.Job.State.DONE or job.retailer is None:
        raise NotFound(what=gettext_noop("file"), name=job.name)
    path = folder_of(code=job.retailer.code) / job.name
    if job.removed_at is not None or not path.is_file():
        raise backups.BackupMissing(name=job.name)
    return path
