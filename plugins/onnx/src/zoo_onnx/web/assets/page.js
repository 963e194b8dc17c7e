// The page: reads the form, runs the model symbol by symbol, and colours the text.

const facts = JSON.parse(document.getElementById("facts").textContent);
const [form, promptBox, problem, startButton, stopButton, status, progress] =
  ["form", "prompt", "problem", "start", "stop", "status", "progress"].map((id) => document.getElementById(id));
const [temperature, topK, seed, length] =
  ["temperature", "top-k", "seed", "length"].map((id) => document.getElementById(id));
const [mode, signalMenu, unitBox, slider] =
  ["mode", "signal", "unit", "slider"].map((id) => document.getElementById(id));
const [text, older, recent, detail] =
  ["text", "older", "recent", "detail"].map((id) => document.getElementById(id));

const SLICE = 33; // milliseconds of work between two pictures
const STRONGEST = 0.85; // opacity of the strongest colour, on which the text is still read
const MAX_SURPRISE = 8; // nats from which on a surprise has the strongest colour
const CHUNK = 4096; // characters of a text node that holds what is no longer coloured
const { tokenizer, states } = facts;
const ids = new Map(tokenizer.symbols.map((symbol, id) => [symbol, id]));
const split = splitter(tokenizer);
const units = states.reduce((total, state) => total + state.units, 0);
const history = new History(facts.kept, units);
const channel = new MessageChannel();
let [network, isStopped, chosen, unitIsChosen, painted] = [null, false, -1, false, 0];

// Lets the browser draw and take clicks; a timer would wait longer in a tab that is not seen.
const pause = () =>
  new Promise((resolve) => {
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });

async function unpack(id) {
  const element = document.getElementById(id);
  const packed = Uint8Array.from(atob(element.textContent), (byte) => byte.charCodeAt(0));
  element.remove(); // its text would stay in memory
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// What would not be seen, or would turn the text around, as its number.
function visible(symbol) {
  return symbol.replace(/[^\P{C}\n\t\u200c\u200d]/gu, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);
}

const named = (symbol) => `“${visible(symbol).replace(/\n/g, "↵").replace(/\t/g, "⇥").replace(/ /g, "␣")}”`;

function readPrompt() {
  if (!promptBox.value) return facts.start;
  const { ids: encoded, unknown } = encodeText(promptBox.value, tokenizer, facts.rule, ids, split);
  if (unknown.size) {
    const counts = [...unknown].sort((one, other) => other[1] - one[1]);
    const listed = counts.slice(0, 8).map(([symbol, count]) => `${named(symbol)} (${count}×)`).join(", ");
    const more = counts.length > 8 ? ` and ${counts.length - 8} more` : "";
    throw new RangeError(`Symbols that the model does not know: ${listed}${more}. Leave them out.`);
  }
  if (encoded.length < facts.shortest) {
    throw new RangeError(`The prompt has ${encoded.length} symbols, and the model reads ${facts.shortest} at once. Give a longer prompt.`);
  }
  return encoded;
}

// Yields what the model makes of a prompt and of the symbols that it then draws, without end:
// { id, surprise } for a symbol, then { logits } once the model has read it.
async function* run(prompt, temperature, topK, seed) {
  const generator = new Generator(seed);
  const context = [];
  network.reset();
  let [logits, index] = [null, 0];
  for (;;) {
    const isPrompt = index < prompt.length;
    const id = isPrompt ? prompt[index] : draw(logits, temperature, topK, generator);
    yield { id, isPrompt, surprise: logits ? -logSoftmax(logits)[id] : NaN };
    index++;
    logits = null;
    if (states.length && facts.shortest === 1) {
      logits = await network.feed([id]);
    } else {
      context.push(id);
      if (facts.window && context.length > facts.window) context.shift();
      if (context.length >= facts.shortest) logits = await network.feed(context);
    }
    if (logits) yield { logits };
  }
}

async function generate(prompt) {
  const joiner = new Joiner(tokenizer);
  const [wanted, begun] = [Number(length.value), performance.now()];
  let [made, slice] = [0, begun];
  clear();
  status.textContent = "Generating…";
  for await (const step of run(prompt, Number(temperature.value), Number(topK.value), seed.value)) {
    if (step.logits) {
      history.complete(network, logSoftmax(step.logits));
      paintLast();
    } else {
      append(joiner.join(step.id), step);
      if (!step.isPrompt) made++;
    }
    const now = performance.now();
    if (now - slice >= SLICE) {
      progress.textContent = speed(made, now - begun);
      follow();
      await pause();
      slice = performance.now();
    }
    if (isStopped || (made >= wanted && step.logits)) break;
  }
  network.release();
  follow();
  progress.textContent = speed(made, performance.now() - begun);
  status.textContent = isStopped ? "Stopped." : "Done.";
}

function speed(made, milliseconds) {
  const perSecond = Math.round((made * 1000) / Math.max(milliseconds, 1));
  return `${made.toLocaleString("en")} symbols, ${perSecond.toLocaleString("en")} per second`;
}

function clear() {
  history.clear();
  older.textContent = "";
  recent.replaceChildren();
  detail.hidden = true;
  [chosen, painted] = [-1, 0];
}

function append(shown, { isPrompt, surprise }) {
  if (recent.childElementCount === history.kept) {
    if (!older.lastChild || older.lastChild.length > CHUNK) older.append("");
    older.lastChild.appendData(recent.firstChild.textContent);
    recent.firstChild.remove();
  }
  history.add(surprise);
  const span = document.createElement("span");
  span.textContent = visible(shown);
  span.dataset.kind = isPrompt ? " prompt" : "";
  if (shown === "\n") span.dataset.kind += " end";
  recent.append(span);
  paintSpan(span, history.count - 1);
}

function follow() {
  if (text.scrollHeight - text.scrollTop - text.clientHeight < 120 || !text.matches(":hover, :focus")) {
    text.scrollTop = text.scrollHeight;
  }
}

// The signal whose units are coloured, its first unit, and the activation of the strongest colour.
function selected() {
  const signal = states[signalMenu.value] ?? { offset: 0, units: 0 };
  const largest = history.largest.subarray(signal.offset, signal.offset + signal.units);
  return { ...signal, scale: Math.max(1, ...largest) };
}

function valueOf(number, signal) {
  if (mode.value === "surprise") return history.surprise(number);
  if (mode.value === "mean") return history.mean(number, signal.offset, signal.units);
  return history.activation(number, signal.offset + Number(unitBox.value));
}

function paintSpan(span, number, signal = selected()) {
  const isSurprise = mode.value === "surprise";
  const value = mode.value === "none" ? NaN : valueOf(number, signal);
  const scale = isSurprise ? MAX_SURPRISE : signal.scale;
  const colour = isSurprise ? "sur" : value < 0 ? "neg" : "pos";
  const strength = Number.isNaN(value) ? 0 : STRONGEST * Math.min(1, Math.abs(value) / scale);
  span.className = `sym ${colour}${span.dataset.kind}${number === chosen ? " chosen" : ""}`;
  span.style.setProperty("--a", strength.toFixed(2));
}

function paint() {
  const signal = selected();
  painted = signal.scale;
  let number = history.first;
  for (const span of recent.children) paintSpan(span, number++, signal);
}

// Colours the last symbol, or all of them where it needs a larger scale.
function paintLast() {
  const signal = selected();
  if (signal.scale > painted) paint();
  else paintSpan(recent.lastChild, history.count - 1, signal);
}

function choose(number) {
  if (!history.count) return;
  const first = history.first;
  recent.children[chosen - first]?.classList.remove("chosen");
  chosen = Math.max(first, Math.min(history.count - 1, number));
  const span = recent.children[chosen - first];
  span.classList.add("chosen");
  const head = document.createElement("p");
  const name = document.createElement("code");
  name.textContent = named(span.textContent).slice(1, -1);
  head.append(name, ` symbol ${chosen + 1} of ${history.count}`);
  const value = mode.value === "surprise" || mode.value === "none" ? NaN : valueOf(chosen, selected());
  if (!Number.isNaN(value)) head.append(`, activation ${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`);
  const surprise = history.surprise(chosen);
  if (!Number.isNaN(surprise)) head.append(`, surprise ${surprise.toFixed(2)} nats`);
  const table = document.createElement("table");
  for (const [id, probability] of history.guessesAfter(chosen)) {
    const row = table.insertRow();
    const [guess, bar] = [document.createElement("code"), document.createElement("span")];
    guess.textContent = named(new Joiner(tokenizer).join(id) || tokenizer.symbols[id]).slice(1, -1);
    bar.className = "bar";
    bar.style.width = `${Math.max(1, probability * 100)}%`;
    row.insertCell().append(guess);
    row.insertCell().append(probability.toFixed(3));
    row.insertCell().append(bar);
  }
  detail.replaceChildren(head, table);
  detail.hidden = false;
}

function setUnit(value) {
  const last = Math.max(0, selected().units - 1);
  unitBox.max = slider.max = last;
  unitBox.value = slider.value = Math.max(0, Math.min(last, Math.round(Number(value) || 0)));
  const kind = { unit: "activation", mean: "activation" }[mode.value] ?? mode.value;
  signalMenu.disabled = kind !== "activation";
  unitBox.disabled = slider.disabled = mode.value !== "unit";
  for (const item of document.querySelectorAll("[data-of]")) item.hidden = item.dataset.of !== kind;
  paint();
  if (chosen >= 0) choose(chosen);
}

function chooseUnit(value) {
  unitIsChosen = true;
  setUnit(value);
}

async function start(event) {
  event.preventDefault();
  problem.textContent = "";
  promptBox.removeAttribute("aria-invalid");
  let prompt;
  try {
    prompt = readPrompt();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problem.textContent = error.message;
    promptBox.setAttribute("aria-invalid", "true");
    promptBox.focus();
    return;
  }
  isStopped = false;
  setRunning(true);
  try {
    await generate(prompt);
    const signal = selected();
    if (!unitIsChosen && signal.units) setUnit(history.mostVaried(signal.offset, signal.units));
  } catch (error) {
    status.textContent = "Stopped.";
    problem.textContent = `The model stopped: ${error.message}`;
  }
  setRunning(false);
}

// Of the two buttons one works; the keyboard stays on the one that does.
function setRunning(isRunning) {
  const [on, off] = isRunning ? [stopButton, startButton] : [startButton, stopButton];
  const hasFocus = document.activeElement === off;
  on.disabled = false;
  if (hasFocus) on.focus();
  off.disabled = true;
}

async function open() {
  let offset = 0;
  states.forEach((state, number) => {
    state.offset = offset;
    offset += state.units;
    signalMenu.add(new Option(state.title, number));
  });
  if (!states.length) {
    for (const control of [signalMenu.parentElement, unitBox.parentElement]) control.hidden = true;
    for (const option of [...mode.options]) if (["unit", "mean"].includes(option.value)) option.remove();
  }
  signalMenu.value = Math.max(0, states.findLastIndex((state) => state.key === "hidden"));
  setUnit(0);
  try {
    const [model, wasm] = await Promise.all([unpack("model"), unpack("wasm")]);
    network = await Network.open(facts, model, wasm);
  } catch (error) {
    status.textContent = "";
    problem.textContent = `This browser cannot run the model: ${error.message}`;
    return;
  }
  status.textContent = "Ready.";
  startButton.disabled = false;
}

form.addEventListener("submit", start);
stopButton.addEventListener("click", () => (isStopped = true));
mode.addEventListener("change", () => setUnit(unitBox.value));
signalMenu.addEventListener("change", () => setUnit(unitBox.value));
unitBox.addEventListener("change", () => chooseUnit(unitBox.value));
slider.addEventListener("input", () => chooseUnit(slider.value));
for (const event of ["pointerover", "click"]) {
  recent.addEventListener(event, ({ target }) => {
    if (target !== recent) choose(history.first + [...recent.children].indexOf(target));
  });
}
text.addEventListener("keydown", (event) => {
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!move) return;
  event.preventDefault();
  choose(chosen < 0 ? history.first : chosen + move);
});
open();
