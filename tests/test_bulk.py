"""A large file read by columns is read as the careful path reads it, or given back to it."""

import gzip
import io
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import FileError, ForecastError
from forecast.reading import bulk, plain, readers, stretches
from forecast.reading import rows as reading_rows
from forecast.reading.quoting import Quotes, odd_so_far
from forecast.reading.readers import read_table
from forecast.reading.rows import Rows, in_order
from forecast.reading.times import Times
from forecast.series import read_series

ENGINES = [True, False] if plain.find_spec("pyarrow") else [False]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Files of a few lines are large here."""
    monkeypatch.setattr(readers, "ENOUGH", 1)
    monkeypatch.setattr(bulk, "HEAD", 2)


@pytest.fixture(params=ENGINES, ids=["pyarrow", "pandas"][: len(ENGINES)] if ENGINES[0] else ["pandas"])
def arrow(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(plain, "find_spec", lambda name: None)


def lines(n=40, ids=("b", "a"), start="2020-01-01"):
    rows = [
        f"{name},{day:%Y-%m-%d},{100 + i / 8}"
        for name in ids
        for i, day in enumerate(pd.date_range(start, periods=n, freq="D"))
    ]
    return ["unique_id,ds,y", *rows]


def both(text, tmp_path, monkeypatch, **options):
    """What the two paths make of a text, frames and what is said, or an error; and how the first one read it.

    That is "numbers", "cells" where numbers were kept as they are written, or "rows" for the careful path.
    """
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    seen, results = [], []
    original = readers._by_columns
    for oracle in (False, True):

        def spy(*args, oracle=oracle, **settings):
            table = None if oracle else original(*args, **settings)
            seen.append("rows" if table is None else "numbers" if table.by_columns else "cells")
            return table

        monkeypatch.setattr(readers, "_by_columns", spy)
        try:
            data = read_series(path, **options)
            results.append((data.frame, data.notes, data.notices, data.sha256))
        except ForecastError as error:
            results.append(error.explain())
    monkeypatch.setattr(readers, "_by_columns", original)
    return results, seen[0]


def assert_equal(results):
    one, other = results
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    pd.testing.assert_frame_equal(one[0], other[0], check_exact=True)
    assert one[1:] == other[1:]


CASES = {
    "plain": lines(),
    "gap": lines()[:10] + lines()[11:],
    "missing value": [*lines()[:10], "b,2020-01-10,NA", *lines()[11:]],
    "shuffled": [lines()[0], *np.random.default_rng(0).permutation(lines()[1:]).tolist()],
    "twice the same row": [*lines(), lines()[5]],
    "absurd": [*lines()[:20], "b,2020-01-20,123456789012", *lines()[21:]],
    "constant": [*lines(), *(f"c,2020-01-{d:02d},7" for d in range(1, 32))],
    "short": [*lines(), "c,2020-01-01,7"],
    "integers": ["ds,sales", *(f"{i},{i * i}" for i in range(1, 50))],
    "numeric ids": ["id,ds,y", *(f"0{s},2020-01-{d:02d},{d}" for s in (1, 2) for d in range(1, 31))],
    "year": ["year,y", *(f"{1900 + i},{i % 7}" for i in range(60))],
    "no newline at the end": "\n".join(lines()),
    "windows": "\r\n".join(lines()) + "\r\n",
    "byte order mark": "\ufeff" + "\n".join(lines()) + "\n",
    "true and false": lines(ids=("True", "False")),
    "umlauts": "\n".join(lines(ids=("Köln", "Zürich"))) + "\n",
    "months": [
        "store,month,y",
        *(f"s{s},20{y}-{m:02d}-15,{m}" for s in (1, 2) for y in (20, 21) for m in range(1, 13)),
    ],
    "quoted texts": ['"unique_id","ds","y"', *('"{}","{}",{}'.format(*row.split(",")) for row in lines()[1:])],
    "all quoted": ['"' + row.replace(",", '","') + '"' for row in lines()],
    "all quoted, windows": "\r\n".join('"' + row.replace(",", '","') + '"' for row in lines()),
    "quotes within quotes": [row.replace("b,", '"b ""x""",') for row in lines()],
    "nothing in quotes": [*lines()[:9], 'b,2020-01-09,""', *lines()[10:]],
    "quotes below many lines": [*lines()[:60], '"a","2020-01-20",7', *lines()[61:]],
    "further numbers": ["unique_id,ds,y,price", *(f"{line},{i / 7!r}" for i, line in enumerate(lines()[1:]))],
}


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_the_same_by_columns(name, tmp_path, monkeypatch):
    text = CASES[name] if isinstance(CASES[name], str) else "\n".join(CASES[name]) + "\n"
    results, way = both(text, tmp_path, monkeypatch)

    assert way == "numbers"
    assert_equal(results)


def semicolons(rows, decimal=","):
    return [row.replace(",", ";").replace(".", decimal) for row in rows]


CASES |= {
    "semicolons": semicolons(lines()),
    "semicolons and points": semicolons(lines(), "."),
    "tabs": [row.replace(",", "\t") for row in lines()],
    "semicolons and small whole numbers": ["ds;y", *(f"2020-01-{d:02d};{d}" for d in range(1, 31))],
    "commas that could be points between thousands": [
        "ds;y",
        "2020-01-01;0,5",
        *(f"2020-01-{d:02d};1,{d}00" for d in range(10, 31)),
    ],
    "dates with points": ["ds;y", *(f"{d:02d}.01.2020;{d}" for d in range(1, 31))],
}

AS_WRITTEN = {
    "a text among the numbers": [*lines()[:9], "b,2020-01-09,n/a", *lines()[10:]],
    "another spelling of NaN": [*lines()[:9], "b,2020-01-09,NAN", *lines()[10:]],
    "three digits behind every point": ["ds;y", *(f"2020-01-{d:02d};{d}.500" for d in range(1, 31))],
    "a point after whole numbers": ["ds;y", *(f"2020-01-{d:02d};{d}" for d in range(1, 31)), "2020-01-31;1.500"],
    "a comma after whole numbers": ["ds;y", *(f"2020-01-{d:02d};{d}" for d in range(1, 31)), "2020-01-31;2,5"],
    "texts with decimal commas": [
        "name;ds;y",
        *(f"{'x' if d < 5 else '1,5'};2020-01-{d:02d};{d}" for d in range(1, 31)),
    ],
    "points among commas": [*semicolons(lines())[:9], "b;2020-01-09;1.5", *semicolons(lines())[10:]],
    "a broken cell and gaps": [*lines()[:9], "b,2020-01-09,", *lines()[10:20], "b,2020-01-20,- ", *lines()[21:]],
}


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("name", AS_WRITTEN)
def test_numbers_in_doubt_are_read_as_they_are_written(name, tmp_path, monkeypatch):
    results, way = both("\n".join(AS_WRITTEN[name]) + "\n", tmp_path, monkeypatch)

    assert way == "cells"
    assert_equal(results)


HANDED_BACK = {
    "a quote within a cell": [*lines()[:9], 'b"c,2020-01-09,1', *lines()[10:]],
    "a text behind a quote": [*lines()[:9], '"b"c,2020-01-09,1', *lines()[10:]],
    "spaces before a quote": [*lines()[:9], 'b,2020-01-09, "1"', *lines()[10:]],
    "spaces behind a quote": [*lines()[:9], 'b,2020-01-09,"1" ', *lines()[10:]],
    "a line that ends within quotes": [*lines()[:9], '"b\nc",2020-01-09,1', *lines()[10:]],
    "a quote that is not closed": [*lines(), '"c,2020-01-01,1'],
    "spaces within quotes": [row.replace("b,", '" b",') for row in lines()],
    "a short row": [*lines()[:9], "b,2020-01-09", *lines()[10:]],
    "a long row": [*lines()[:9], "b,2020-01-09,1,2", *lines()[10:]],
    "spaces around a name": [*lines()[:9], "b ,2020-01-09,1", *lines()[10:]],
    "no header": lines()[1:],
    "Latin-1": "\n".join(lines(ids=("Köln",))).encode("latin-1"),
    "a lone carriage return": "\n".join([*lines()[:9], "b,2020\r-01-09,1", *lines()[10:]]),
    "a zero byte": "\n".join([*lines()[:9], "b,2020-01-09,\0", *lines()[10:]]),
    "a second header": [*lines(), *lines()],
    "a second header in quotes": [*lines(), *(f'"{row}"'.replace(",", '","') for row in lines())],
    "a second header below a broken cell": [*lines()[:9], "b,2020-01-09,n/a", *lines()],
    "an empty row": ["x,y", *(f"{i},{i}" for i in range(1, 30)), ",", "31,31"],
    "an empty row and a broken cell": ["x,y", *(f"{i},{i}" for i in range(1, 30)), ",", "31,oops"],
    "one column": ["y", *map(str, range(50))],
    "few lines": ["ds,y"],
}


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("name", HANDED_BACK)
def test_what_is_not_plain_goes_the_careful_way(name, tmp_path, monkeypatch):
    text = HANDED_BACK[name] if isinstance(HANDED_BACK[name], (str, bytes)) else "\n".join(HANDED_BACK[name])
    results, way = both(text, tmp_path, monkeypatch)

    assert way == "rows"
    assert_equal(results)


FAULTS = {
    "quoted, a short row and a separator": [*lines()[:9], '"b,c",2020-01-09,1', "b,2020-01-10", *lines()[11:]],
    "quoted, a long row": [*lines()[:9], '"b","2020-01-09",1,"2"', *lines()[10:]],
    "quoted, no number": ['"' + row.replace(",", '","') + '"' for row in [*lines()[:9], "b,2020-01-09,x", *lines()]],
    "quoted decimal commas": [lines()[0], *(f'a,2020-01-{d:02d},"{d},5"' for d in range(1, 31))],
    "quoted marks between thousands": [lines()[0], *(f'a,2020-01-{d:02d},"{d},500"' for d in range(1, 31))],
    "quoted, one decimal comma": [*lines()[:9], 'b,2020-01-09,"1,5"', *lines()[10:]],
    "quoted texts that could be decimal": [
        "name,ds,y",
        *(f"{'x' if d < 15 else chr(34) + '1,5' + chr(34)},2020-01-{d},{d}.5" for d in range(10, 31)),
    ],
    "texts that could be decimal": [
        "name;ds;y",
        *(f"{'x' if d < 15 else '1.5'};2020-01-{d};{d},5" for d in range(10, 31)),
    ],
    "infinite": [*lines()[:9], "b,2020-01-09,inf", *lines()[10:]],
    "no time": [*lines()[:9], "b,,1", *lines()[10:]],
    "no name": [*lines()[:9], ",2020-01-09,1", *lines()[10:]],
    "no such day": [*lines()[:9], "b,2020-02-30,1", *lines()[10:]],
    "two values": [*lines(), "b,2020-01-09,5"],
    "irregular": ["ds,y", *(f"2020-01-{d:02d},1" for d in (1, 2, 5, 9, 17, 19, 23, 30))],
    "an empty line": [*lines()[:9], "", *lines()[9:]],
    "blank row": [*lines()[:9], ",,", *lines()[10:]],
}


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_in_stretches_as_it_is_at_once(name, tmp_path, monkeypatch):
    monkeypatch.setattr(stretches, "STRETCH", 200)
    monkeypatch.setattr(stretches, "AT_ONCE", 120)
    text = CASES[name] if isinstance(CASES[name], str) else "\n".join(CASES[name]) + "\n"
    results, way = both(text, tmp_path, monkeypatch)

    assert way == "numbers"
    assert_equal(results)


@pytest.mark.usefixtures("arrow")
def test_stretches_end_with_a_line_and_follow_one_another(tmp_path, monkeypatch):
    monkeypatch.setattr(stretches, "STRETCH", 200)
    monkeypatch.setattr(stretches, "AT_ONCE", 120)
    text = lines(30)
    read, seen = stretches.read_in_stretches, []

    def spy(source, split):
        return read(source, lambda stretch: seen.append(split(stretch)) or seen[-1])

    monkeypatch.setattr(plain, "read_in_stretches", spy)
    _, way = both("\n".join(text), tmp_path, monkeypatch)

    assert way == "numbers"
    assert len(seen) > 3
    assert sum(len(part.index) for part in seen) == len(text) - 1


def test_texts_of_all_stretches_stand_below_one_another_and_one_that_fails_fails_all(monkeypatch):
    monkeypatch.setattr(stretches, "STRETCH", 8)
    monkeypatch.setattr(stretches, "AT_ONCE", 8)
    text = b"y\n" + b"".join(b"%d\n" % n for n in range(10, 30))

    def split(stretch):
        cells = stretch.read().decode().split("\n")[1:-1]
        return pd.DataFrame({"y": pd.Series(cells, dtype="str")})

    def fails(stretch):
        frame = split(stretch)
        return None if "25" in set(frame["y"]) else frame

    assert stretches.read_in_stretches(io.BytesIO(text), split)["y"].tolist() == [str(n) for n in range(10, 30)]
    assert stretches.read_in_stretches(io.BytesIO(text), fails) is None


def test_a_stretch_gives_no_more_than_is_asked_for():
    source = io.BytesIO(b"a,b\n1,2\n")
    stretch = stretches.Stretch(source, source.readline(), b"")
    stretch.counts = {",": 0}

    assert [stretch.read(3), stretch.read1(2), stretch.read(), stretch.read()] == [b"a,b", b"\n1", b",2\n", b""]
    assert stretch.counts == {",": 2}


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_in_the_words_of_the_careful_path(name, tmp_path, monkeypatch):
    results, _ = both("\n".join(FAULTS[name]) + "\n", tmp_path, monkeypatch)

    assert_equal(results)


@pytest.mark.usefixtures("arrow")
def test_options_reach_both_paths(tmp_path, monkeypatch):
    text = "\n".join(["shop,when,units", *(f"{s},{d:02d}/05/2020,{d}" for s in (1, 2) for d in range(1, 32))])
    results, way = both(text, tmp_path, monkeypatch, id="shop", date_format="%d/%m/%Y")

    assert way == "numbers"
    assert not isinstance(results[0], str)
    assert_equal(results)


CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**18), 10**18).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str),
    st.sampled_from(["", "NA", "NaN", "nan", "null", "None", "1.", ".5", "+3", "-0", "1e5", "1E-3", " 2", "1 0", "x"]),
    st.sampled_from(["0x1p3", "1_000", "1e", "--1", "Infinity", "NAN", "1d5", "TRUE", "\u0661", "1,0"]),
)


@settings(max_examples=150, deadline=None)
@given(
    form=st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", ",")]),
    cells=st.lists(CELLS, min_size=3, max_size=12),
    names=st.lists(st.sampled_from(["a", "b", "NA", "1", "é", "a b"]), min_size=1, max_size=2, unique=True),
    arrow=st.sampled_from(ENGINES),
)
def test_any_cells_are_read_the_same(tmp_path_factory, form, cells, names, arrow):
    separator, decimal = form
    rows = [
        separator.join([name, str(day), cell.replace(".", decimal)])
        for name in names
        for day, cell in zip(np.datetime64("2020-01-01") + np.arange(20), [*"12345", *cells], strict=False)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "ENOUGH", 1)
        patch.setattr(bulk, "HEAD", 2)
        if not arrow:
            patch.setattr(plain, "find_spec", lambda name: None)
        results, _ = both(
            "\n".join([separator.join(["unique_id", "ds", "y"]), *rows]), tmp_path_factory.mktemp("cells"), patch
        )

    assert_equal(results)


QUOTED = st.text(st.sampled_from('",;\n\r a1.-'), max_size=6).map(lambda text: text.replace('"', '""'))


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(
        st.one_of(
            st.integers(0, 9).map(str),
            st.integers(0, 9).map(lambda number: f'"{number}"'),
            QUOTED.map(lambda text: f'"{text}"'),
            st.text(st.sampled_from('",1a '), max_size=4),
        ),
        min_size=1,
        max_size=6,
    ),
    at_once=st.integers(30, 60),
    arrow=st.sampled_from(ENGINES),
    place=st.integers(0, 2),
)
def test_any_quotes_are_read_the_same(tmp_path_factory, cells, at_once, arrow, place):
    rows = [["a", f"2020-01-{day:02d}", str(day)] for day in range(1, 16)]
    for row, cell in zip(rows[4:], cells, strict=False):
        row[place] = cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "ENOUGH", 1)
        patch.setattr(bulk, "HEAD", 2)
        patch.setattr(stretches, "AT_ONCE", at_once)
        patch.setattr(stretches, "STRETCH", 200)
        if not arrow:
            patch.setattr(plain, "find_spec", lambda name: None)
        text = "\n".join(["unique_id,ds,y", *map(",".join, rows), ""])
        results, _ = both(text, tmp_path_factory.mktemp("quotes"), patch)

    assert_equal(results)


def test_a_separator_in_quotes_is_counted_once_wherever_the_file_is_cut():
    text = b'"a,b",1\n"c,,d",2\n'
    for cut in range(len(text)):
        quotes = Quotes(",")
        for part in (text[:cut], text[cut:], b""):
            if part or cut:
                quotes.look(part)
        assert quotes.separators == 3


def test_a_header_longer_than_any_cell_is_one_of_many_columns(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "ENOUGH", 1)
    names = [f"{'long' * 30}{column}" for column in range(1_200)]
    rows = [f"2020-01-{day:02d};{';'.join(['1', '2', '3'] * 400)}" for day in range(1, 11)]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join([";".join(["ds", *names]), *rows]) + "\n")

    assert read_series(path, delimiter=";").panel.n_series == 1_200


@pytest.mark.parametrize("count", [1, 7, 8, 63, 64, 65, 1000])
def test_marks_are_counted_as_they_follow_one_another(count):
    marks = np.random.default_rng(count).random(count) < 0.3

    assert odd_so_far(marks).tolist() == (np.cumsum(marks) % 2 == 1).tolist()


@pytest.mark.usefixtures("arrow")
def test_a_separator_in_quotes_is_part_of_a_name(tmp_path, monkeypatch):
    results, way = both("\n".join(row.replace("b,", '"Doe, J.",') for row in lines()), tmp_path, monkeypatch)

    assert way == "numbers"
    assert_equal(results)
    assert results[0][0]["unique_id"].unique().tolist() == ["Doe, J.", "a"]


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(60)), careful=st.booleans())
def test_the_same_rows_in_any_order_give_the_same_series(tmp_path_factory, order, careful):
    text = lines(30)
    path = tmp_path_factory.mktemp("order") / "data.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "ENOUGH", 10**9 if careful else 1)
        frames = []
        for rows in (text[1:], [text[1 + i] for i in order]):
            path.write_text("\n".join([text[0], *rows]) + "\n")
            frames.append(read_series(path).frame)

    pd.testing.assert_frame_equal(*frames, check_exact=True)


@pytest.mark.usefixtures("arrow")
def test_a_large_shuffled_file_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "ENOUGH", 100_000)
    rng = np.random.default_rng(1)
    rows = [
        f"s{s:03d},{day},{rng.normal():.3f}" for s in range(200) for day in np.datetime64("2020-01-01") + np.arange(60)
    ]
    path, found = tmp_path / "data.csv", []
    for order in (np.arange(len(rows)), rng.permutation(len(rows)), np.arange(len(rows))[::-1]):
        path.write_text("\n".join(["unique_id,ds,y", *(rows[i] for i in order)]) + "\n")
        data = read_series(path)
        found.append((data.panel.values.tobytes(), data.panel.last.tobytes(), data.panel.ids, data.notes, data.notices))

    assert found[0] == found[1] == found[2]


@settings(max_examples=100, deadline=None)
@given(keys=st.lists(st.integers(0, 60), max_size=40))
def test_keys_are_ordered_as_a_stable_sort_does(keys):
    keys = np.array(keys, dtype=np.int64)

    assert in_order(keys, 61).tolist() == np.argsort(keys, kind="stable").tolist()


def test_line_ends_are_looked_at_across_chunks():
    windows = plain.PlainFile(io.BytesIO(b"a\r\nb\r\n"))
    assert [windows.read(2), windows.read(4), windows.read1(), windows.read(1)] == [b"a\r", b"\nb\r\n", b"", b""]
    old = plain.PlainFile(io.BytesIO(b"a\rb"))
    old.read(2)
    with pytest.raises(ValueError, match="line ends"):
        old.read()


def test_a_letter_may_lie_across_chunks():
    file = plain.PlainFile(io.BytesIO("ab\u00e9c".encode()))

    assert file.read(3) + file.read(5) + file.read() == "ab\u00e9c".encode()
    cut = plain.PlainFile(io.BytesIO("ab\u00e9".encode()[:3]))
    cut.read(3)
    with pytest.raises(UnicodeDecodeError):
        cut.read()


@pytest.mark.parametrize("missing", [0, 1, 40], ids=["full", "one missing", "many missing"])
@pytest.mark.parametrize("twice", [False, True])
def test_rows_are_sorted_as_a_stable_sort_does_it(missing, twice):
    rng = np.random.default_rng(missing)
    pairs = [(code, tick) for code in range(7) for tick in range(11)][missing:]
    pairs += pairs[:missing] if twice else []  # as many rows as a full panel has, but not each of them once
    codes, ticks = np.array([pairs[i] for i in rng.permutation(len(pairs))]).T
    values, names = rng.normal(size=len(codes)), list("gbdafce")
    order = sorted(range(len(codes)), key=lambda row: (names[codes[row]], ticks[row]))

    rows = Rows.sorted(codes, names, Times(ticks, np.arange(11)), values)

    assert rows.names == tuple("abcdefg")
    assert rows.rows.tolist() == order
    assert rows.values.tolist() == values[order].tolist()
    assert rows.ticks.tolist() == ticks[order].tolist()
    assert [rows.names[code] for code in rows.codes] == [names[code] for code in codes[order]]


def test_rows_are_the_same_whether_their_keys_are_small_or_not(monkeypatch):
    rng = np.random.default_rng(0)
    codes, ticks, values = rng.integers(0, 5, 40), rng.integers(0, 9, 40), rng.normal(size=40)
    places = np.lexsort((ticks, codes))
    for order in (np.arange(40), places):
        given = codes[order], list("abcde"), Times(ticks[order], np.arange(9)), values[order]
        small = Rows.sorted(*given)
        with monkeypatch.context() as patch:
            patch.setattr(reading_rows, "MOST_SMALL", 1)
            large = Rows.sorted(*given)

        for name in ("offsets", "ticks", "values", "rows", "codes"):
            np.testing.assert_array_equal(getattr(small, name), getattr(large, name), strict=True)


def test_a_value_with_the_bits_that_mark_an_empty_place_is_placed_all_the_same():
    odd = np.array([reading_rows.NOWHERE]).view(np.float64)[0]
    values, keys = np.array([3.0, odd, 1.0, 2.0]), np.array([3, 0, 1, 2])
    rows = Rows.sorted(keys // 2, ["a", "b"], Times(keys % 2, np.arange(2)), values)

    assert rows.values.view(np.int64).tolist() == values[[1, 2, 3, 0]].view(np.int64).tolist()
    assert rows.rows.tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize("length", [126, 127, 128, 129])
@pytest.mark.parametrize("turned", [False, True])
def test_series_as_long_as_a_small_number_can_count_are_whole(tmp_path, length, turned):
    days = np.datetime_as_string(np.datetime64("2020-01-01") + np.arange(length)).tolist()
    lines = [f"{name},{day},{number}" for name in "abc" for number, day in enumerate(days)]
    path = tmp_path / "long.csv"
    path.write_text("\n".join(["unique_id,ds,y", *(lines[::-1] if turned else lines), ""]))
    data = read_series(path)

    assert data.panel.lengths.tolist() == [length] * 3
    assert data.panel.values.tolist() == 3 * list(range(length))
    assert str(data.panel.last[0])[:10] == days[-1]


def test_series_do_not_change_with_the_array_that_a_frame_was_made_of():
    y = np.array([1.0, 2.0, 4.0])
    data = read_series(pd.DataFrame({"ds": [1, 2, 3], "y": y}, copy=False))
    y[0] = 99.0

    assert data.panel.values.tolist() == [1.0, 2.0, 4.0]


@pytest.fixture
def large(tmp_path):
    """A file that is read by columns."""
    path = tmp_path / "large.csv"
    path.write_text("unique_id,ds,y\n" + "".join(f"a,2020-{month:02},{month}\n" for month in range(1, 13)))
    assert read_table(path).by_columns
    return path


def test_the_hash_of_a_large_file_is_worked_out_when_it_is_asked_for(large):
    data = read_series(large)

    assert data.sha256 == sha256(large.read_bytes()).hexdigest()
    assert read_table(large).sha256 == data.sha256


@pytest.mark.parametrize("end", ["a,2021-01,1\n", None], ids=["changed", "gone"])
def test_the_hash_is_that_of_the_file_that_was_read_or_none(large, end):
    data = read_series(large)
    if end is None:
        large.unlink()
    else:
        large.write_text(large.read_text() + end)

    with pytest.raises(FileError, match="large.csv") as caught:
        _ = data.sha256
    assert caught.value.code == "F102"


def test_a_large_packed_file_has_the_hash_of_what_is_in_it(large, tmp_path):
    packed = tmp_path / "large.csv.gz"
    packed.write_bytes(gzip.compress(large.read_bytes(), 1))

    assert read_series(packed).sha256 == sha256(large.read_bytes()).hexdigest()
