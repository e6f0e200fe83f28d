"""A block for each model: what it is made of, what it chose among, and whether its fit ended well.

The idea: sizes and coefficients are read from anatomy.json and choices.json, and every flag is said in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecast.report.tables import table_of
from forecast.report.words import DASH, column, number

if TYPE_CHECKING:
    from forecast.report.tables import Table
    from forecast.report.view import View

__all__ = ["arima_blocks", "network_table"]

MOST_BLOCKS = 24
"""Series whose ARIMA has a block of its own."""
STARS = 1.96
"""Standard errors from 0 beyond which a coefficient is called sure."""


def network_table(view: View) -> Table:
    """Return how the network is built and was trained: a column for each group of its members."""
    network = view.anatomy.get("network")
    if not network:
        return table_of("", (), [])
    groups = network["groups"]
    rows = [
        [label, *(_fact(group, name) for group in groups)]
        for label, name in (
            ("Members", "members"),
            ("Weights of each", "parameters"),
            ("Lags it sees", "lags"),
            ("Other inputs", "beside"),
            ("Outputs", "outputs"),
            ("Loss", "loss"),
            ("Scaled by", "scale"),
            ("Learning rate at first", "learning_rate"),
            ("Samples a step", "batch_size"),
            ("Steps", "steps"),
            ("Steps at most", "most_steps"),
            ("Why so many", "steps_why"),
        )
    ]
    same = [
        ("Activation", network["activation"]),
        ("Optimiser", f"{network['optimizer']}, weight decay {network['weight_decay']:g}, rate {network['schedule']}"),
        ("Dropout", f"{network['dropout']:g}"),
        ("Stop rule", _stop_rule(network)),
        ("Share of networks trained beforehand", f"{100 * network['prior_share']:.0f}%"),
        ("Gradient check in this run", _gradients(network["gradients"])),
    ]
    rows += [[label, said, *[""] * (len(groups) - 1)] for label, said in same]
    head = ["What", *(["Value"] if len(groups) == 1 else [f"Group {place}" for place in range(1, len(groups) + 1)])]
    return table_of("How the network is built and was trained", head, rows, prose=True)


def _fact(group: dict[str, Any], name: str) -> str:
    value = group[name]
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _stop_rule(network: dict[str, Any]) -> str:
    if not network["held_out"]:
        return "a fixed number of steps: nothing was held back"
    return (
        f"the step that was best on the latest {network['held_out']} values, looked for until {network['patience']} "
        "steps brought nothing; then all is learned anew for so many steps"
    )


def _gradients(found: dict[str, Any]) -> str:
    """Return what the gradient check of this run found, in words."""
    if found["error"] is None:
        return "every direction met a kink: nothing could be compared"
    word = "passed" if found["passed"] else "FAILED"
    directions, allowed = found["directions"], found["tolerance"]
    return f"{word}: relative error {found['error']:.0e} in {directions} directions, {allowed:.0e} allowed"


def arima_blocks(view: View) -> list[dict[str, Any]]:
    """Return a block for each ARIMA and series: its title, how it ended in words, candidates and coefficients."""
    blocks = []
    for model, fits in view.anatomy.get("coefficients", {}).items():
        for series in [name for name in view.chosen if name in fits][:MOST_BLOCKS]:
            chosen = view.run.choices.get("final", {}).get(model, {}).get(series, {})
            whose = f" of {series}" if len(view.ids) > 1 else ""
            blocks.append(
                {
                    "title": f"{model}{whose}: {_orders(chosen) or 'the last value goes on'}",
                    "ended": _ended(fits[series], chosen),
                    "search": _search_table(chosen),
                    "coefficients": _coefficients_table(fits[series]["parameters"]),
                }
            )
    return blocks


def _orders(chosen: dict[str, Any]) -> str:
    """Return orders as they are written: ``(0,1,1)(0,1,1)12``."""
    if "order" not in chosen:
        return ""
    *seasonal, m = chosen.get("seasonal_order", [0, 0, 0, 1])
    said = f"({','.join(map(str, chosen['order']))})" + (
        f"({','.join(map(str, seasonal))}){m}" if any(seasonal) else ""
    )
    return said + "".join(f" with {name}" for name in ("mean", "drift") if chosen.get(name))


def _ended(fit: dict[str, Any], chosen: dict[str, Any]) -> str:
    """Return how search and fit ended, and in what the model was fitted."""
    ended = (
        "The fit converged" if fit["converged"] else "The fit did not converge: its best parameters so far are taken"
    )
    search = "" if fit["search_ended"] else "; a limit ended the search for orders, so there may be better ones"
    scale = ", of logarithms" if chosen.get("transform") == "log" else ""
    method = {"exact": "by exact likelihood", "conditional": "by conditional least squares"}.get(
        chosen.get("method", ""), ""
    )
    return f"{ended}{search}. Fitted {method}{scale}." if method else f"{ended}{search}."


def _search_table(chosen: dict[str, Any]) -> Table:
    """Return the best candidates of the search."""
    found = chosen.get("search", [])
    values = [candidate["aicc"] for candidate in found]
    apart = column([value - values[0] for value in values], sign="+") if values else []
    rows = [[_orders(one), value, more] for one, value, more in zip(found, column(values), apart, strict=True)]
    return table_of("The best candidates by AICc", ("Orders", "AICc of the search", "behind the first"), rows)


def _coefficients_table(parts: list[dict[str, Any]]) -> Table:
    """Return the coefficients with their standard errors."""
    rows = []
    for part in parts:
        value, error = part["value"], part["standard_error"]
        sure = DASH if not error else "yes" if abs(value) > STARS * error else "no"
        rows.append([part["name"], number(value), number(error), sure])
    return table_of("Coefficients", ("Name", "value", "standard error", "surely not 0"), rows)
