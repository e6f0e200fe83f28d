"""What every code means and how to mend what it says: one text a code, in one table.

The idea: a message tells what happened to this file; the text here tells what stands behind it. ``forecast errors``
prints the table, and a test holds it against the codes that the sources raise.
"""

from __future__ import annotations

from dataclasses import dataclass

from forecast.errors import ConfigError, DataError, FileError, ModelError, nearest, shown

__all__ = ["CODES", "Explanation", "explain"]

KINDS = {"U": "usage", "D": "data", "M": "model", "F": "files", "W": "warning", "I": "information"}
EXITS = {"U": ConfigError.exit_code, "D": DataError.exit_code, "M": ModelError.exit_code, "F": FileError.exit_code}


@dataclass(frozen=True)
class Explanation:
    """A code, what it means and how to mend it.

    Examples
    --------
    >>> explain("D104").kind, explain("D104").exit_code, explain("W203").exit_code
    ('data', 3, 0)
    """

    code: str
    meaning: str
    mend: str

    @property
    def kind(self) -> str:
        """What its letter says: usage, data, model, files, warning or information."""
        return KINDS[self.code[0]]

    @property
    def exit_code(self) -> int:
        """How the command line exits; 0 for what stops nothing."""
        return EXITS.get(self.code[0], 0)


def explain(code: str) -> Explanation:
    """Return what a code means; capitals do not matter.

    Raises
    ------
    ConfigError
        U101, when there is no such code.
    """
    known = code.strip().upper()
    if known not in CODES:
        guess = nearest(known, CODES) or "D104"
        raise ConfigError("U101", f"no code {shown(code)}", hint=f"forecast errors {guess}, or forecast errors for all")
    return CODES[known]


_TEXTS = {
    "U101": (
        "A flag, a setting or an argument is unknown, or its value is none of those it can have.",
        "Type what the message proposes; `forecast run --help` and `forecast config init` list all settings.",
    ),
    "U102": (
        "The orders of an ARIMA are written in a way that is not understood, or cannot be fitted.",
        'Write arima(p,d,q), or arima(p,d,q)(P,D,Q)m with a season m of 2 to 24, in quotes: --models "arima(2,1,1)".',
    ),
    "U103": (
        "A budget of time is too short for the smallest run of these data: reading them, baselines and files.",
        "The --budget that the message proposes, or more.",
    ),
    "U111": (
        "A search of settings takes the package optuna, which is not installed.",
        'Install it: pip install "forecast[tune]".',
    ),
    "U112": (
        "There is nothing to search: the models have no settings for it, or all of these were named.",
        "Name a model that has some: --models mlp; and leave what shall be searched out of the file of settings.",
    ),
    "U113": (
        "The search that should go on was made of other data, with other settings, or by another version.",
        "Repeat the command it was made with, or begin a new one with another --out.",
    ),
    "U114": (
        "Two plans were given, but no column is known ahead in which they could differ.",
        "Name these columns: --future promo,price.",
    ),
    "U201": (
        "The runs did not answer the same question: other data, horizon, test windows or metric.",
        "Run the models again on the same data and windows; --force-unequal shows the table all the same, labelled.",
    ),
    "D101": (
        "There is nothing to read: the file is empty, or has a header and no rows.",
        "Give a file with a header and a row for each time.",
    ),
    "D102": (
        "The bytes of the file are not text in the encoding it was read in.",
        "Save the file as UTF-8, or name its encoding: --encoding latin-1.",
    ),
    "D103": (
        "No separator, or more than one, splits the rows into the same number of fields.",
        "Name it: --delimiter ';' (or tab).",
    ),
    "D104": (
        "A column that was named is not in the file, or several columns could be the time.",
        "Name one of the columns that the message lists: --time date, --target units, --id store.",
    ),
    "D105": (
        "Several columns could be the one to forecast, or several columns have one name.",
        "Name the column: --target sales; rename columns that share a name.",
    ),
    "D106": (
        "A row cannot be split into its fields, has more or fewer than the header, or lacks the name of its series.",
        "Mend the line that the message names: mostly a quote or a separator within a text that has no quotes.",
    ),
    "D107": (
        "Cells of the target are not numbers, or no column holds numbers.",
        "Correct the cells; say what stands for a missing value: --na -999; or name another --target.",
    ),
    "D108": (
        "A comma or point can be read as a decimal mark and as a separator of thousands.",
        "Say which: --decimal , or --decimal .",
    ),
    "D109": (
        "Some times are not understood, or are empty.",
        "Correct them, or say how they are written: --date-format %d.%m.%Y.",
    ),
    "D110": (
        "03/04/2024 can be 3 April or 4 March, and no row decides which.",
        "Say how times are written: --date-format %d/%m/%Y or --date-format %m/%d/%Y.",
    ),
    "D111": (
        "There are several values for one time of one series.",
        "If several series stand in the file, name their column: --id store; else say what to make of the values: "
        "--duplicates mean.",
    ),
    "D112": (
        "Times have different offsets from UTC, or do not exist in the zone that was named.",
        "Name the zone in which they were written: --tz Europe/Berlin.",
    ),
    "D113": (
        "The times do not follow one regular step, or do not lie on the calendar that was asked for.",
        "Name the step: --freq D (times between become gaps), or make a regular series: --resample W --aggregate sum.",
    ),
    "D114": (
        "Values are missing, and --missing error forbids to fill them.",
        "Let them be filled: --missing auto; or complete the data.",
    ),
    "D115": (
        "Every series has a gap that is longer than a season: no filling of it would be more than a guess.",
        "Fill it by hand, start after it, or accept a straight line: --missing linear.",
    ),
    "D116": (
        "A value is infinite, or so large that sums of it are no numbers.",
        "Correct the lines that the message names.",
    ),
    "D117": (
        "A series has fewer than three values, or not one whole period after resampling.",
        "Give more rows.",
    ),
    "D118": (
        "The horizon is longer than the series, or reaches beyond the year 9999.",
        "Ask for less: --horizon 12.",
    ),
    "D119": (
        "What is known beside the values is not complete: covariates of the future are missing, a static column "
        "changes within a series, or a series has no part in a total.",
        "Complete the rows that the message names, or leave the column out.",
    ),
    "D120": (
        "A logarithm, a root or a Box-Cox transform was asked for, and some values are too small to have one.",
        "Leave the choice to the program: --transform auto; or --transform none.",
    ),
    "D121": (
        "A covariate is the target itself: a model that sees it looks into the future.",
        "Leave it out of --future.",
    ),
    "D122": (
        "The file is larger than what can be read at once.",
        "Keep the columns of time, value and id alone, or split the file.",
    ),
    "D123": (
        "The new data have no value at any time that was forecast.",
        "Give data that reach beyond the last cutoff of the run, in the same columns, with the same names of series.",
    ),
    "D124": (
        "The series are too short to hold a window of the horizon out: there is nothing to score.",
        "A smaller --horizon, more rows, or --n-windows 1.",
    ),
    "D125": (
        "A folder that is read some series at a time has a series in two of its files, files with other columns, or "
        "kinds of series that are not in the sample that is learned from.",
        "Write all rows of a series to one file, all files with the same columns; or draw a larger --sample-series.",
    ),
    "M101": (
        "Every model failed, or the training of the network grew without bounds.",
        "Look at the reasons in the message; a smaller learning_rate under [models.mlp], or --models naive.",
    ),
    "M102": (
        "A model was asked to forecast before it was fitted.",
        "Call fit first: model.fit(panel, horizon=12).predict().",
    ),
    "M103": (
        "A model returned a forecast that is not a number.",
        "Leave the model out, or let seasonal naive stand in for it: --fallback.",
    ),
    "M104": (
        "An analytic gradient differs from the numeric one.",
        "Correct the backward method of the layer or loss that is named; of one of ours, please report it.",
    ),
    "M105": (
        "Every worker process that was given a task ended before it was done; mostly memory has run out.",
        "Work in one process: --jobs 1; or leave models out.",
    ),
    "M106": (
        "The audit found that something before a cutoff depends on what comes after it.",
        "Do not trust the scores of that run, and please report it with the data, if you can share them.",
    ),
    "M107": (
        "The self-test of the installation failed.",
        "Install again into a fresh environment; if that does not help, report it with `forecast doctor --json`.",
    ),
    "M111": (
        "A budget of time ended before a search had tried the defaults once.",
        "A larger --budget, --preset fast, or fewer windows.",
    ),
    "M201": (
        "A fitted model does not fit the data it is asked about: another frequency, other series or other columns, or "
        "data that end before what it has learned from.",
        "Data of the same kind that reach as far, or fit it to these: forecast run DATA.",
    ),
    "M202": (
        "The file of a model is damaged or belongs to another version.",
        "Make the run again; where the file is of a later version: pip install -U forecast.",
    ),
    "F101": (
        "There is no such file, and no bundled set of that name.",
        "Correct the name; `forecast data` lists the bundled sets.",
    ),
    "F102": (
        "A file cannot be read: it is damaged, locked, or takes a package that is not installed.",
        "See the reason in the message; forecast[excel] and forecast[parquet] bring the packages for such files.",
    ),
    "F103": (
        "What is to be written is there already.",
        "Choose another place, or --overwrite.",
    ),
    "F104": (
        "A place cannot be written to, or is no run folder.",
        "Choose another place; a run folder has a run.json in it.",
    ),
    "F105": (
        "The disk is full.",
        "Free some space, then run again; or go on with what was kept: forecast run --resume FOLDER.partial.",
    ),
    "F106": (
        "The scores in a run folder are not those that follow from its backtest.csv: a file was changed afterwards.",
        "Run again: the command stands in run.json.",
    ),
    "F107": (
        "A run that was interrupted began with other data: what is kept of it does not fit these.",
        "Run again from the start; or bring back the data as they were.",
    ),
    "F111": (
        "The journal of a search is damaged, or no journal of a search.",
        "Begin a new search with another --out.",
    ),
    "W201": (
        "A value is ten thousand times the median of its series; it is used as it is.",
        "Correct it if it is a typing error.",
    ),
    "W202": (
        "A series never changes: its forecast is constant, and its scaled errors are left out of means.",
        "Remove the series if it is dead.",
    ),
    "W203": (
        'The series is too short to hold a window out: its forecast is labelled "untested".',
        "A shorter horizon or more rows.",
    ),
    "W204": (
        "Some series were left out: too short, on another step, or with a gap longer than a season.",
        "See `forecast check` for each; --missing linear fills long gaps.",
    ),
    "W205": (
        "Values are missing; they are filled before a model learns and never scored.",
        "Nothing has to be done; --missing says how they are filled.",
    ),
    "W206": (
        "A series knows few of its values: what is forecast of it rests on fillings.",
        "A coarser period (--resample), or leave the series out.",
    ),
    "W207": (
        "A series ended long before the others.",
        "Remove it if it is closed; its forecast starts where it ended.",
    ),
    "W208": (
        "A value such as -999 occurs among none below zero: it may stand for a missing one.",
        "Say so: --na -999.",
    ),
    "W209": (
        "One value stands many times in a row: a sensor may be stuck.",
        "Empty those cells if they were not measured.",
    ),
    "W210": (
        "A value is far from those a season before and after.",
        "Correct or empty it if it is an error; it is used as it is.",
    ),
    "W211": (
        "Points that may separate thousands were read as decimal points.",
        "Write the numbers without them.",
    ),
    "W212": (
        "The times look like the day numbers of a spreadsheet and were read as whole numbers.",
        "Export the column as dates.",
    ),
    "W213": (
        "Names of series differ in capitals, spaces or zeros alone: two names may mean one series.",
        "Make the names alike.",
    ),
    "W214": (
        "Values of the past are such as --min, --max or --integer say that no forecast may be.",
        "Check the bounds.",
    ),
    "W216": (
        "Runs that scored different things stand side by side: their scores say nothing of which is better.",
        "Run the models again on the same data, horizon and windows.",
    ),
    "W301": (
        "The training of a member of the network grew without bounds, also at an eighth of its rate: it is left out.",
        "Nothing has to be done where few are; else a smaller rate: --set models.mlp.learning_rate=0.0003.",
    ),
    "W302": (
        "A fit was stopped by a limit, or did not converge: the best that was found is taken.",
        "Look at the residuals of the model before relying on it.",
    ),
    "W303": (
        "The network learned nothing that helps, or seasonal naive stands in for a model that failed.",
        "Take the forecast of another model, or give the network more data.",
    ),
    "W304": (
        "A model leaves out a covariate that it cannot use.",
        "Nothing has to be done; the message says why.",
    ),
    "W305": (
        "A budget of time cut the run short: fits or what follows them were left out, or slow models on some series.",
        "A larger --budget, fewer --models, or --preset fast.",
    ),
    "W306": (
        "A model failed in some windows or in its last fit; the others are not touched by that.",
        "See the reason in the message; leave the model out with --models, or let seasonal naive stand in: --fallback.",
    ),
    "W307": (
        "Every worker process that was given some of the series ended before they were done: these are left out.",
        "Work in one process: --jobs 1, which takes less memory; or leave these series out.",
    ),
    "W310": (
        "A saved model leaves out series: those it was not fitted to where each has a fit of its own, and those that "
        "end before what it has learned from; or it failed.",
        "Fit anew: forecast run DATA.",
    ),
    "W311": (
        "Settings were tuned on values on which this run tests: its scores of the tuned models are too good.",
        "Tune again with the windows of this run (same --n-windows, --horizon and --step-size), or test on newer data.",
    ),
    "I201": (
        "The target has zeros or negative values.",
        "Nothing has to be done: of series with negative values no root is taken.",
    ),
    "I202": (
        "The file has no column of times: its rows are numbered.",
        "Name a column of times: --time date.",
    ),
    "I203": (
        "The values do not confirm the season that goes with the frequency, and none is taken.",
        "Demand it: --season-length 12.",
    ),
}

CODES = {code: Explanation(code, meaning, mend) for code, (meaning, mend) in _TEXTS.items()}
"""Every code, in the order of its letter and number."""
