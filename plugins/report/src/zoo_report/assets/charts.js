"use strict";
(() => {
  const DECADES = {
    condition: { test: "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-9", value: "var(--grid)" },
    value: "transparent",
  };
  const ERROR = 1; // the log level of Vega: what is no error, such as an empty table, is not reported
  const SHARE = 0.08; // of the axis: points farther from the pointer's are left out of the tip
  const page = JSON.parse(document.getElementById("data").textContent);
  const hidden = new Set(); // numbers of the series that the reader switched off
  const views = new Map();
  const tip = document.body.appendChild(document.createElement("div"));
  tip.className = "tip";
  tip.hidden = true;

  const control = (name, section) =>
    document.querySelector(`[data-control="${name}"][data-section="${section}"]`);
  const id = (chart) => `${chart.section}.${chart.name}`;
  const logY = (chart) =>
    [...document.querySelectorAll('[data-control="log-y"]')].find((box) => box.dataset.chart === id(chart));
  const format = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4))));

  function rowsOf(chart) {
    const axis = control("axis", chart.section).value;
    const train = control("train", chart.section);
    const isLog = { x: control("log-x", chart.section).checked, y: logY(chart).checked };
    const heldOut = new Set(chart.rows.filter((row) => row[1] !== "train").map((row) => row[0]));
    const counts = new Map();
    const rows = [];
    for (const values of chart.rows) {
      const row = Object.fromEntries(chart.columns.map((name, index) => [name, values[index]]));
      row.x = row[axis];
      row.thin = heldOut.has(row.series) && row.split === "train";
      if (hidden.has(row.series) || (row.thin && train && !train.checked)) continue;
      if ((isLog.x && row.x <= 0) || (isLog.y && row.mean <= 0)) continue; // no logarithm
      const hasBand = row.deviation !== null && !row.thin && !(isLog.y && row.mean <= row.deviation);
      row.low = hasBand ? row.mean - row.deviation : null;
      row.high = hasBand ? row.mean + row.deviation : null;
      const key = `${row.series} ${row.split}`;
      counts.set(key, (counts.get(key) || 0) + 1);
      rows.push(row);
    }
    for (const row of rows) row.single = counts.get(`${row.series} ${row.split}`) === 1;
    return rows;
  }

  function specOf(chart, rows) {
    const spec = structuredClone(chart.spec);
    const isLog = { x: control("log-x", chart.section).checked, y: logY(chart).checked };
    const means = rows.map((row) => row.mean);
    const lowest = Math.min(...rows.map((row) => row.low ?? row.mean));
    const highest = Math.max(...rows.map((row) => row.high ?? row.mean));
    const isConstant = lowest === highest && lowest !== 0;
    const isWide = Math.max(...means) > 30 * Math.min(...means);
    for (const { encoding } of spec.layer) {
      for (const axis of ["x", "y"]) {
        if (!encoding[axis]) continue;
        const scale = { ...encoding[axis].scale, type: isLog[axis] ? "log" : "linear" };
        if (isLog[axis]) delete scale.zero; // which no logarithmic axis has
        encoding[axis].scale = scale;
      }
      if (encoding.x) encoding.x.title = chart.axes[control("axis", chart.section).value];
      // A constant value is read from an axis with room on both sides of it.
      if (encoding.y && isConstant) encoding.y.scale.domain = [0.9 * lowest, 1.1 * lowest].sort((a, b) => a - b);
      // Over several powers of ten, lines between them would be a dense hatching.
      if (encoding.y && isLog.y && isWide) encoding.y.axis = { ...encoding.y.axis, gridColor: DECADES };
    }
    spec.datasets = { rows, cursor: [] };
    return spec;
  }

  async function draw(chart) {
    const element = document.getElementById(`chart-${id(chart)}`);
    const rows = rowsOf(chart);
    const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: false, logLevel: ERROR };
    const drawn = await window.vegaEmbed(element, specOf(chart, rows), options);
    views.set(element, { view: drawn.view, chart, rows });
  }

  // The point nearest to the pointer in the horizontal direction, and that of each line beside it.
  function pointsAt(rows, x, width) {
    const near = (target) => (best, row) => (!best || Math.abs(row.x - target) < Math.abs(best.x - target) ? row : best);
    const first = rows.reduce(near(x), null);
    const nearest = new Map();
    for (const row of rows) {
      const key = `${row.series} ${row.split}`;
      nearest.set(key, near(first.x)(nearest.get(key), row));
    }
    return [...nearest.values()].filter((row) => Math.abs(row.x - first.x) <= SHARE * width);
  }

  function showTip(event, chart, points, x) {
    const axis = control("axis", chart.section);
    const table = document.createElement("table");
    for (const row of [...points].sort((a, b) => b.mean - a.mean)) {
      const line = table.insertRow();
      const name = line.insertCell();
      const chip = name.appendChild(document.createElement("span"));
      chip.className = `chip s${row.series % 7} d${Math.floor(row.series / 7) % 4}`;
      name.append(page.labels[row.series]);
      if (points.some((other) => other.split !== points[0].split)) line.insertCell().textContent = row.split;
      line.insertCell().textContent =
        format(row.mean) + (row.deviation === null ? "" : ` ± ${Number(row.deviation.toPrecision(2))}`);
    }
    const head = document.createElement("strong");
    const nearest = points.reduce((best, row) => (Math.abs(row.x - x) < Math.abs(best.x - x) ? row : best));
    head.textContent = `${chart.axes[axis.value]} ${format(nearest.x)}`;
    tip.replaceChildren(head, table);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const right = event.clientX + 16 + box.width > window.innerWidth;
    const left = right ? event.clientX - 16 - box.width : event.clientX + 16;
    tip.style.left = `${Math.max(4, Math.min(left, window.innerWidth - box.width - 4))}px`;
    const isNarrow = window.innerWidth < 600; // beside a finger there is no room, above it there is
    const top = isNarrow ? event.clientY - box.height - 28 : event.clientY + 12;
    tip.style.top = `${Math.max(4, Math.min(top, window.innerHeight - box.height - 4))}px`;
  }

  function move(event) {
    const drawn = views.get(event.currentTarget);
    if (!drawn || !drawn.rows.length) return;
    const svg = event.currentTarget.querySelector("svg");
    const scale = drawn.view.scale("x");
    const x = scale.invert(event.clientX - svg.getBoundingClientRect().left - drawn.view.origin()[0]);
    const [low, high] = scale.domain();
    const points = pointsAt(drawn.rows, x, high - low);
    drawn.view.data("cursor", points.map((row) => ({ ...row }))).runAsync();
    showTip(event, drawn.chart, points, x);
  }

  function leave(event) {
    tip.hidden = true;
    const drawn = views.get(event.currentTarget);
    if (drawn) drawn.view.data("cursor", []).runAsync();
  }

  function redraw(section) {
    for (const chart of page.charts) if (!section || chart.section === section) draw(chart);
  }

  function start() {
    for (const section of new Set(page.charts.map((chart) => chart.section))) {
      const charts = page.charts.filter((chart) => chart.section === section);
      const axis = control("axis", section);
      for (const [name, title] of Object.entries(charts[0].axes)) axis.add(new Option(title, name));
      const train = control("train", section);
      if (!train) continue;
      train.checked = page.labels.length <= 4;
      const splits = new Set(charts.flatMap((chart) => chart.rows.map((row) => row[1])));
      train.closest("label").hidden = splits.size < 2;
    }
    for (const chart of page.charts) logY(chart).checked = chart.log;
    for (const element of document.querySelectorAll(".controls, figcaption > label")) element.hidden = false;
    document.addEventListener("change", (event) => {
      const { control: name, section, chart } = event.target.dataset;
      if (name === "log-y") draw(page.charts.find((candidate) => id(candidate) === chart));
      else if (name) redraw(section);
    });
    for (const button of document.querySelectorAll("[data-series]")) {
      button.addEventListener("click", () => {
        const series = Number(button.dataset.series);
        const isShown = hidden.delete(series) || !hidden.add(series);
        for (const same of document.querySelectorAll(`[data-series="${series}"]`)) same.setAttribute("aria-pressed", isShown);
        redraw();
      });
    }
    for (const element of document.querySelectorAll(".chart")) {
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerdown", move);
      element.addEventListener("pointerleave", leave);
    }
    redraw();
  }

  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  start();
})();
