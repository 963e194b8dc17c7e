// What is known of the last symbols: a fixed amount of memory, however long the text becomes.

const GUESSES = 5;

class History {
  // Up to `kept` symbols with the numbers of `units` units.
  constructor(kept, units) {
    [this.kept, this.units] = [kept, units];
    this.activations = new Float32Array(kept * units);
    this.surprises = new Float32Array(kept);
    this.guesses = new Int32Array(kept * GUESSES);
    this.probabilities = new Float32Array(kept * GUESSES);
    this.clear();
  }

  clear() {
    this.count = 0;
    this.largest = new Float32Array(this.units); // of each unit, without its sign
  }

  // The number of the first symbol that is kept.
  get first() {
    return Math.max(0, this.count - this.kept);
  }

  slot(number) {
    return number % this.kept;
  }

  // Adds a symbol with its surprise in nats, NaN where there is none.
  add(surprise) {
    const slot = this.slot(this.count++);
    this.surprises[slot] = surprise;
    this.activations.fill(NaN, slot * this.units, (slot + 1) * this.units);
    this.probabilities.fill(0, slot * GUESSES, (slot + 1) * GUESSES);
    return slot;
  }

  // Completes the last symbol with the states and the guesses after it.
  complete(network, logProbabilities) {
    const slot = this.slot(this.count - 1);
    if (this.units) network.copyStates(this.activations, slot * this.units);
    for (let unit = 0; unit < this.units; unit++) {
      const value = Math.abs(this.activations[slot * this.units + unit]);
      if (value > this.largest[unit]) this.largest[unit] = value;
    }
    const taken = new Set();
    for (let guess = 0; guess < Math.min(GUESSES, logProbabilities.length); guess++) {
      let best = -1;
      for (let id = 0; id < logProbabilities.length; id++) {
        if (!taken.has(id) && (best < 0 || logProbabilities[id] > logProbabilities[best])) best = id;
      }
      taken.add(best);
      this.guesses[slot * GUESSES + guess] = best;
      this.probabilities[slot * GUESSES + guess] = Math.exp(logProbabilities[best]);
    }
  }

  surprise(number) {
    return this.surprises[this.slot(number)];
  }

  activation(number, unit) {
    return this.activations[this.slot(number) * this.units + unit];
  }

  // The mean activation of some units that follow each other.
  mean(number, start, units) {
    let total = 0;
    for (let unit = start; unit < start + units; unit++) total += this.activation(number, unit);
    return total / units;
  }

  // Pairs of id and probability of the symbols that the model expected after a symbol.
  guessesAfter(number) {
    const start = this.slot(number) * GUESSES;
    return Array.from({ length: GUESSES }, (_, index) => [this.guesses[start + index], this.probabilities[start + index]])
      .filter(([, probability]) => probability > 0);
  }

  // The unit of some whose activation varies most.
  mostVaried(start, units) {
    let [best, most] = [0, -1];
    for (let unit = start; unit < start + units; unit++) {
      let [total, squares, count] = [0, 0, 0];
      for (let number = this.first; number < this.count; number++) {
        const value = this.activation(number, unit);
        if (Number.isNaN(value)) continue;
        total += value;
        squares += value * value;
        count++;
      }
      const variance = squares / count - (total / count) ** 2;
      if (variance > most) [best, most] = [unit - start, variance];
    }
    return best;
  }
}

function logSoftmax(logits) {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - largest);
  return logits.map((logit) => logit - largest - Math.log(total));
}
