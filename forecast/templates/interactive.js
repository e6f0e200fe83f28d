"use strict";
(() => {
  // The first picture to be looked at closely: a reading line, zoom, and one series after the other. The numbers stand
  // in the page; without this script, on paper and for who listens to the page, the picture is there as it was.
  const island = document.getElementById("drawn");
  const figure = document.getElementById("figure-forecast");
  if (!island || !figure) return;
  const { series, shown, season } = JSON.parse(island.textContent);
  const card = figure.querySelector(".card");
  const edge = { left: 48, right: 14, top: 8, bottom: 24 };
  const make = (tag, attributes = {}, parent = null, text = null) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    if (text !== null) one.textContent = text;
    parent?.append(one);
    return one;
  };
  const element = (tag, attributes = {}, text = "") => {
    const one = Object.assign(document.createElement(tag), attributes);
    if (text) one.textContent = text;
    return one;
  };
  const rounded = (value) => (Math.abs(value) < 1000 ? Number(value.toPrecision(4)) : Math.round(value));
  const number = (value) => rounded(value).toLocaleString("en", { maximumFractionDigits: 12 });
  const within = (value, low, high) => Math.min(high, Math.max(low, value));

  // What is seen: a series, its places `first` to `last`, and the place `at` that the line reads.
  let one, first, last, at, width, height, low, high;
  const chart = element("div", { className: "chart" });
  const tools = element("div", { className: "tools" });
  const reading = element("p", { className: "reading" });
  reading.setAttribute("aria-hidden", "true"); // the slider says it
  const svg = make("svg", { role: "slider", tabindex: 0, "aria-orientation": "horizontal" });
  const x = (place) => edge.left + ((place - first) / (last - first)) * (width - edge.left - edge.right);
  const y = (value) => edge.top + ((high - value) / (high - low)) * (height - edge.top - edge.bottom);
  const placeAt = (event) => {
    const inside = event.clientX - svg.getBoundingClientRect().left - edge.left;
    return within(first + (inside / (width - edge.left - edge.right)) * (last - first), first, last);
  };

  // Lines as points of place and value; what lies ahead hangs on the last known value, as in the picture.
  const pointsOf = (values, start) =>
    values.map((value, i) => [start + i, value]).filter(([, value]) => value !== null);
  const anchored = (values) => {
    const last = one.y.length - 1;
    return [...pointsOf([one.y[last]], last), ...pointsOf(values, one.start)];
  };
  const lines = () => [
    ...one.bands.map(({ lo, hi, ...band }) => ({ ...band, points: anchored(lo), back: anchored(hi) })),
    ...one.models.slice(1).map(({ y_hat }) => ({ look: "other", points: anchored(y_hat) })),
    { look: "history", points: pointsOf(one.y, 0), gaps: true },
    ...one.models.slice(0, 1).map(({ y_hat }) => ({ look: "best", points: anchored(y_hat) })),
  ];
  const path = (points, gaps = false) =>
    points.map(([place, value], i) => {
      const apart = i === 0 || (gaps && place > points[i - 1][0] + 1);
      return `${apart ? "M" : "L"}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    }).join("");

  const steps = (from, to, count) => {
    const rough = (to - from) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough);
    const places = [];
    for (let k = Math.ceil(from / step); k * step <= to; k += 1) places.push(k * step);
    return places;
  };
  const axes = () => {
    for (const value of steps(low, high, 5)) {
      make("line", { class: "rule", x1: edge.left, x2: width - edge.right, y1: y(value), y2: y(value) }, svg);
      make("text", { x: edge.left - 6, y: y(value) + 4, "text-anchor": "end" }, svg, number(value));
    }
    const rough = (last - first) / Math.max(2, Math.floor(width / 100));
    const stride = Math.max(1, rough > season / 2 ? Math.ceil(rough / season) * season : Math.ceil(rough));
    const anchor = Math.max(0, one.times.findIndex((time) => /-(01|Q1)$/.test(time)));
    for (let place = anchor + Math.ceil((first - anchor) / stride) * stride; place <= last; place += stride) {
      const side = x(place) > width - 50 ? "end" : x(place) < edge.left + 20 ? "start" : "middle";
      make("text", { x: x(place), y: height - 6, "text-anchor": side }, svg, one.times[place]);
    }
  };

  const draw = () => {
    width = svg.clientWidth || 640;
    height = Math.round(within(width * 0.5, 220, 420));
    const all = lines();
    const seen = all.flatMap(({ points, back = [] }) => [...points, ...back])
      .filter(([place]) => place >= first && place <= last).map(([, value]) => value);
    [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0, 1];
    const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
    [low, high] = [low - room, high + room];
    svg.replaceChildren();
    svg.setAttribute("height", height);
    Object.assign(svg.dataset, { first, last });
    axes();
    const [left, wide, tall] = [edge.left - 5, width - edge.left - edge.right + 10, height - edge.top - edge.bottom];
    const box = { x: left, y: edge.top, width: wide, height: tall, viewBox: `${left} ${edge.top} ${wide} ${tall}` };
    const plot = make("svg", box, svg); // cuts off what is not in view
    const cut = x(one.y.length - 1);
    make("line", { class: "end", x1: cut, x2: cut, y1: 0, y2: height }, plot);
    for (const { look, level, calibrated, points, back, gaps } of all) {
      if (level === undefined) make("path", { class: look, d: path(points, gaps) }, plot);
      else if (!calibrated) make("path", { class: "band loose", d: path(points) + path(back) }, plot);
      else if (points.length) make("path", { class: "band", d: `${path([...points, ...[...back].reverse()])}Z` }, plot);
    }
    make("g", { class: "marks" }, plot);
    read();
  };

  // The values at the reading line, in words and as dots.
  const read = () => {
    const ahead = at - one.start;
    const models = one.models.map(({ name, y_hat }, i) => [i ? "other" : "best", name, y_hat[ahead] ?? null]);
    const values = at < one.y.length ? [["history", "", one.y[at]]] : models;
    const marks = svg.querySelector(".marks");
    marks.replaceChildren();
    make("line", { class: "reading-line", x1: x(at), x2: x(at), y1: 0, y2: height }, marks);
    const words = values.map(([look, name, value]) => {
      if (value !== null) make("circle", { class: look, cx: x(at), cy: y(value), r: 4 }, marks);
      return `${name} ${value === null ? "no value" : number(value)}`.trim();
    });
    const bands = [...one.bands].reverse().filter(({ lo }) => (lo[ahead] ?? null) !== null);
    words.splice(1, 0, ...bands.map(({ level, lo, hi }) => `${level}% ${number(lo[ahead])} to ${number(hi[ahead])}`));
    const text = `${one.times[at] || "not forecast"}: ${words.join(", ")}`;
    reading.textContent = text;
    svg.setAttribute("aria-valuenow", at);
    svg.setAttribute("aria-valuetext", text);
  };

  const final = () => one.times.length - 1;
  const see = (from, to) => {
    const size = within(Math.round(to - from), Math.min(4, final()), final());
    first = within(Math.round(from), 0, final() - size);
    last = first + size;
    at = within(at, first, last);
    draw();
  };
  const move = (place) => {
    at = within(Math.round(place), 0, final());
    const size = last - first;
    if (at < first) see(at, at + size);
    else if (at > last) see(at - size, at);
    else read();
  };
  const zoom = (factor) => see(at - (at - first) * factor, at + (last - at) * factor);
  const whole = () => see(0, final());
  const usual = () => see(one.y.length - shown, final());
  const show = (which) => {
    one = series[which];
    at = final();
    svg.setAttribute("aria-label", `${one.name}: history and forecast, read with the arrow keys`);
    svg.setAttribute("aria-valuemin", 0);
    svg.setAttribute("aria-valuemax", final());
    usual();
  };

  const keys = {
    ArrowLeft: () => move(at - 1), ArrowRight: () => move(at + 1), PageUp: () => move(at - Math.max(season, 5)),
    PageDown: () => move(at + Math.max(season, 5)), Home: () => move(0), End: () => move(final()),
    "+": () => zoom(0.5), "-": () => zoom(2), 0: whole, Escape: usual,
  };
  svg.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  let from = null; // where a drag began
  svg.addEventListener("pointerdown", (event) => {
    from = event.pointerType === "mouse" ? placeAt(event) : null;
    move(placeAt(event));
  });
  svg.addEventListener("pointermove", (event) => {
    move(placeAt(event));
    if (from === null) return;
    const [a, b] = [from, placeAt(event)].map(x).sort((p, q) => p - q);
    make("rect", { class: "chosen", x: a, y: 0, width: b - a, height }, svg.querySelector(".marks"));
  });
  addEventListener("pointerup", (event) => {
    const [a, b] = from === null ? [0, 0] : [from, placeAt(event)].sort((p, q) => p - q);
    from = null;
    if (b - a > 0 && x(b) - x(a) > 8) see(a, b);
  });
  svg.addEventListener("dblclick", usual);

  if (series.length > 1) {
    const select = element("select");
    select.setAttribute("aria-label", "Series that is drawn");
    const short = (name) => (name.length > 40 ? `${name.slice(0, 39)}\u2026` : name);
    select.append(...series.map(({ name }, i) => new Option(short(name), i)));
    select.addEventListener("change", () => show(Number(select.value)));
    tools.append(select);
  } else {
    card.classList.add("replaced");
    card.removeAttribute("tabindex");
  }
  const buttons = element("span");
  const actions = [
    ["+", "Zoom in", () => zoom(0.5)], ["\u2212", "Zoom out", () => zoom(2)], ["All", "Show all values", whole],
  ];
  for (const [name, label, action] of actions) {
    const button = element("button", { type: "button" }, name);
    button.setAttribute("aria-label", label);
    button.addEventListener("click", action);
    buttons.append(button, " ");
  }
  tools.append(reading, buttons);
  const less = series.find(({ left_out }) => left_out);
  const help =
    "Drag to zoom in, double-click for the first view; keys: \u2190 \u2192 move the line, + \u2212 zoom, 0 all.";
  const note = less ? ` Earlier than ${less.times[0]} is in history.csv.` : "";
  chart.append(tools, svg, element("p", { className: "help" }, help + note));
  card.before(chart);
  show(0);
  new ResizeObserver(() => { if (svg.clientWidth !== width) draw(); }).observe(svg);
})();
