"use strict";
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const [mode, signalMenu, unit, slider] = ["mode", "signal", "unit", "slider"].map((id) => document.getElementById(id));
  const text = document.getElementById("text");
  const detail = document.getElementById("detail");
  const spans = [...text.children];
  const NOTHING = -128;
  let chosen = -1;

  for (const signal of page.signals) {
    const bytes = atob(signal.values);
    signal.values = Int8Array.from(bytes, (byte) => byte.charCodeAt(0));
  }

  // The activations of a unit, or their mean over all units, at every symbol; null where there is none.
  function values() {
    const signal = page.signals[signalMenu.value];
    const at = (number, symbol) => signal.values[number * page.count + symbol];
    const toValue = (level) => (level * signal.scale) / page.levels;
    return spans.map((_, symbol) => {
      if (at(0, symbol) === NOTHING) return null;
      if (mode.value === "unit") return toValue(at(Number(unit.value), symbol));
      let total = 0;
      for (let number = 0; number < signal.units; number++) total += at(number, symbol);
      return toValue(total / signal.units);
    });
  }

  function paint() {
    const isSurprise = mode.value === "surprise";
    const shown = isSurprise ? page.symbols.map(([surprise]) => surprise) : values();
    const scale = isSurprise ? page.maxSurprise : page.signals[signalMenu.value].scale;
    spans.forEach((span, symbol) => {
      const value = shown[symbol];
      const isUnknown = span.classList.contains("unknown");
      const sign = value === null || value >= 0 ? "pos" : "neg";
      span.className = `sym ${isUnknown ? "unknown" : isSurprise ? "sur" : sign}${symbol === chosen ? " chosen" : ""}`;
      span.style.setProperty("--a", (page.strongest * Math.min(1, Math.abs(value || 0) / scale)).toFixed(2));
    });
    signalMenu.disabled = isSurprise;
    unit.disabled = slider.disabled = mode.value !== "unit";
  }

  function line(parent, ...cells) {
    const row = parent.insertRow();
    for (const cell of cells) {
      const place = row.insertCell();
      if (cell instanceof Node) place.append(cell);
      else place.textContent = cell;
    }
  }

  function choose(symbol) {
    if (chosen >= 0) spans[chosen].classList.remove("chosen");
    chosen = symbol;
    if (symbol >= spans.length) return; // an empty text
    detail.hidden = false;
    spans[symbol].classList.add("chosen");
    const [surprise, guesses] = page.symbols[symbol];
    const head = document.createElement("p");
    const name = document.createElement("code");
    name.textContent = spans[symbol].textContent.replace(/\n$/, "").replace(/ /g, "␣");
    head.append(name, ` symbol ${symbol + 1} of ${page.count}`);
    const value = mode.value === "surprise" ? null : values()[symbol];
    if (value !== null) head.append(`, activation ${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`);
    if (surprise !== null) head.append(`, surprise ${surprise.toFixed(2)} nats`);
    if (spans[symbol].classList.contains("unknown")) head.append(", unknown to the model");
    const table = document.createElement("table");
    for (const [guess, probability] of guesses) {
      const bar = document.createElement("span");
      bar.className = "bar";
      bar.style.width = `${Math.max(1, probability * 100)}%`;
      const code = document.createElement("code");
      code.textContent = guess.replace(/ /g, "␣");
      line(table, code, probability.toFixed(3), bar);
    }
    detail.replaceChildren(head, table);
  }

  function setUnit(value) {
    const last = page.signals[signalMenu.value].units - 1;
    const number = Math.max(0, Math.min(last, Math.round(Number(value) || 0)));
    unit.max = slider.max = last;
    unit.value = slider.value = number;
    paint();
    if (chosen >= 0) choose(chosen);
  }

  mode.addEventListener("change", () => setUnit(unit.value));
  signalMenu.addEventListener("change", () => setUnit(unit.value));
  unit.addEventListener("change", () => setUnit(unit.value));
  slider.addEventListener("input", () => setUnit(slider.value));
  for (const event of ["pointerover", "click"]) {
    text.addEventListener(event, ({ target }) => {
      const symbol = spans.indexOf(target);
      if (symbol >= 0) choose(symbol);
    });
  }
  text.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(spans.length - 1, chosen + move)));
  });
  for (const button of document.querySelectorAll(".found button")) {
    button.addEventListener("click", () => {
      const { layer, name, unit: number } = button.dataset;
      mode.value = "unit";
      signalMenu.value = page.signals.findIndex((signal) => String(signal.layer) === layer && signal.key === name);
      setUnit(number);
      text.scrollIntoView({ block: "nearest" });
    });
  }
  document.querySelector(".controls").hidden = false;
  setUnit(page.unit);
  choose(0);
})();
