// Draws the next symbol as `zoo generate` does, so that the same seed gives the same text.

// The Mersenne Twister (Matsumoto and Nishimura, 1998), with the numbers of torch.Generator.
class Generator {
  constructor(seed) {
    this.words = new Uint32Array(624);
    this.words[0] = Number(BigInt(seed) & 0xffffffffn);
    for (let index = 1; index < 624; index++) {
      const before = this.words[index - 1] ^ (this.words[index - 1] >>> 30);
      this.words[index] = Math.imul(1812433253, before) + index;
    }
    this.position = 624;
  }

  twist() {
    const words = this.words;
    for (let index = 0; index < 624; index++) {
      const mixed = (words[index] & 0x80000000) | (words[(index + 1) % 624] & 0x7fffffff);
      words[index] = words[(index + 397) % 624] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }

  word() {
    if (this.position === 624) this.twist();
    let value = this.words[this.position++];
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  }

  // A number from [0, 1) with 53 random bits.
  uniform() {
    const high = this.word() & 0x1fffff;
    return (high * 2 ** 32 + this.word()) * 2 ** -53;
  }
}

// The id of the next symbol. Temperature 0 always takes the likeliest; topK 0 draws from all.
function draw(logits, temperature, topK, generator) {
  let likeliest = 0;
  for (let id = 0; id < logits.length; id++) {
    if (!Number.isFinite(logits[id])) throw new Error("the logits of the model are not finite; train the model again");
    if (logits[id] > logits[likeliest]) likeliest = id;
  }
  if (temperature === 0) return likeliest;
  let threshold = -Infinity;
  if (topK > 0 && topK < logits.length) threshold = Float32Array.from(logits).sort()[logits.length - topK];
  const cumulative = new Float64Array(logits.length);
  let total = 0;
  for (let id = 0; id < logits.length; id++) {
    if (logits[id] >= threshold) total += Math.exp((logits[id] - logits[likeliest]) / temperature);
    cumulative[id] = total;
  }
  const target = generator.uniform() * total;
  const drawn = cumulative.findIndex((sum) => sum > target);
  return drawn < 0 ? logits.length - 1 : drawn;
}
