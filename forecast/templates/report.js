"use strict";
(() => {
  // Tables are whole without this: it adds ways to sort and filter them, and opens what is closed before printing.
  const number = (text) => Number.parseFloat(text.replace(/[,<]/g, "").replace(/\u2212/g, "-"));
  const order = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return Number.isNaN(x) ? a.localeCompare(b) : x - y;
  };
  const sort = (table, place, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const cell = (row) => row.cells[place].textContent.trim();
    const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * order(cell(a), cell(b)));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      if (head.classList.contains("fixed")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "\u21C5";
      button.setAttribute("aria-label", `Sort by ${head.textContent.trim()}`);
      button.addEventListener("click", () => sort(table, place, head));
      head.append(" ", button);
    });
  }
  for (const table of document.querySelectorAll("table.filterable")) {
    const label = document.createElement("label");
    const field = document.createElement("input");
    const count = document.createElement("span");
    field.type = "search";
    count.setAttribute("role", "status");
    label.append("Show series whose name has ", field);
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase();
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const name = row.cells[0];
        const text = (name.querySelector("[title]")?.title ?? name.textContent).toLowerCase();
        row.hidden = !text.includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = `${shown} of ${table.tBodies[0].rows.length}`;
    });
    const line = document.createElement("p");
    line.className = "filter";
    line.append(label, " ", count);
    table.parentElement.before(line);
  }
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });
})();
