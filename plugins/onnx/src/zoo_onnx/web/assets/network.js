// The model in ONNX Runtime, with its states.

class Network {
  static async open(facts, bytes, wasm) {
    ort.env.logLevel = "error";
    ort.env.wasm.numThreads = 1; // more threads need headers that a static host may not send
    ort.env.wasm.wasmBinary = wasm;
    return new Network(facts, await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] }));
  }

  constructor(facts, session) {
    [this.facts, this.session] = [facts, session];
    this.states = null;
  }

  // Goes back to the states before the first symbol.
  reset() {
    this.release();
    this.states = this.facts.states.map(
      ({ shape }) => new ort.Tensor("float32", new Float32Array(shape.reduce((size, one) => size * one, 1)), [1, ...shape]),
    );
  }

  release() {
    for (const state of this.states ?? []) state.dispose();
    this.states = null;
  }

  // The logits of the symbol after some ids. Of a model with states, the ids go on where the last
  // ones ended.
  async feed(ids) {
    const tokens = new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
    const inputs = { [this.facts.input]: tokens };
    this.facts.states.forEach(({ name }, index) => (inputs[name] = this.states[index]));
    const outputs = await this.session.run(inputs);
    const { logits: tensor, ...others } = outputs;
    const logits = tensor.data.slice(-this.facts.tokenizer.symbols.length);
    this.release();
    this.states = this.facts.states.map(({ name }) => others[`next_${name}`]);
    tokens.dispose();
    tensor.dispose();
    return logits;
  }

  // Copies the numbers of all states, one state after the other.
  copyStates(target, offset) {
    for (const state of this.states) {
      target.set(state.data, offset);
      offset += state.data.length;
    }
  }
}
