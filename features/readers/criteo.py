"""The Criteo display-advertising logs: tab-separated, no header, 13 integers, 26 hashed ids."""

from collections.abc import Sequence

from features.readers.csv import CsvOptions, CsvSource
from features.readers.location import Location
from features.readers.options import Options

INTEGERS = tuple(f"I{index}" for index in range(1, 14))
IDS = tuple(f"C{index}" for index in range(1, 27))


def criteo_source(files: Sequence[Location], options: Options) -> CsvSource:
    """Return the rows of Criteo's Kaggle form: label int8, I1..I13 int64, C1..C26 string.

    Empty cells are null. Raises DataError on a row that has not 40 cells.
    """
    del options  # the form leaves nothing to choose
    dtypes = {"label": "int8", **dict.fromkeys(INTEGERS, "int64"), **dict.fromkeys(IDS, "string")}
    columns = ("label", *INTEGERS, *IDS)
    return CsvSource(files, CsvOptions(separator="\t", columns=columns, dtypes=dtypes))
