// Cuts a text into symbols and joins symbols to a text, as the zoo's tokenizers do.

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LETTER = "\\p{L}\\p{N}_";

// A word with the blank before it, a mark, or one character of white space.
function wordPattern() {
  const letters = `[${LETTER}\\u200c\\u200d\\p{M}]`;
  const word = `${letters}+`;
  return new RegExp(` ?(?:${word}(?:['’]${word})*|[^${SPACE}${LETTER}])|[${SPACE}]`, "gu");
}

// An ideograph is a word of its own.
const IDEOGRAPHS = "\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{2ffff}";

function splitWords(text) {
  const apart = new RegExp(` ?[${IDEOGRAPHS}]| ?[^${IDEOGRAPHS}]+`, "gu");
  return (text.match(wordPattern()) ?? []).flatMap((word) => word.match(apart));
}

const byteName = (byte) =>
  byte < 128 ? String.fromCharCode(byte) : `<0x${byte.toString(16).toUpperCase()}>`;

// The sign that byte-pair encoding writes a byte with: printable characters of Latin-1 stand for
// themselves, the other bytes follow from U+0100 on.
function byteSigns() {
  const isPrintable = (byte) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

class PairTokenizer {
  constructor({ merges, added }) {
    this.ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
    this.signs = byteSigns();
    const space = "\\t-\\r\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
    const marks = `[^${space}\\p{L}\\p{N}]+`;
    this.pattern = new RegExp(
      `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?${marks}|[${space}]+(?![^${space}])|[${space}]+`,
      "gu",
    );
    this.added = new Set(added);
    const longestFirst = [...added].sort((one, other) => other.length - one.length);
    const escaped = longestFirst.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    this.cuts = added.length ? new RegExp(`(${escaped.join("|")})`) : null;
  }

  split(text) {
    const parts = this.cuts ? text.split(this.cuts) : [text];
    return parts.flatMap((part) => (this.added.has(part) ? [part] : this.splitPart(part)));
  }

  splitPart(text) {
    const encoder = new TextEncoder();
    return (text.match(this.pattern) ?? []).flatMap((word) =>
      this.merge(Array.from(encoder.encode(word), (byte) => this.signs[byte])),
    );
  }

  // Joins the pair that was learned first, until no pair of neighbours was learned.
  merge(symbols) {
    for (;;) {
      let best = Infinity;
      for (let index = 1; index < symbols.length; index++) {
        best = Math.min(best, this.ranks.get(`${symbols[index - 1]} ${symbols[index]}`) ?? Infinity);
      }
      if (best === Infinity) return symbols;
      const joined = [];
      for (let index = 0; index < symbols.length; index++) {
        const isPair = this.ranks.get(`${symbols[index]} ${symbols[index + 1]}`) === best;
        joined.push(isPair ? symbols[index] + symbols[++index] : symbols[index]);
      }
      symbols = joined;
    }
  }
}

// The function that cuts a text into symbols.
function splitter(tokenizer) {
  if (tokenizer.kind === "char") return (text) => [...text];
  if (tokenizer.kind === "byte") return (text) => Array.from(new TextEncoder().encode(text), byteName);
  if (tokenizer.kind === "word") return splitWords;
  const pairs = new PairTokenizer(tokenizer);
  return (text) => pairs.split(text);
}

// A text as ids, by the rule of the model's dataset: { ids, unknown }, where unknown counts the
// symbols that the vocabulary lacks.
function encodeText(text, tokenizer, rule, ids, split) {
  let typed = rule.lowercase ? text.toLowerCase() : text;
  if (!typed.startsWith(rule.before)) typed = rule.before + typed;
  const symbols = split(typed);
  // A word that the data has only after a blank.
  if (symbols.length && !ids.has(symbols[0]) && ids.has(` ${symbols[0]}`)) symbols[0] = ` ${symbols[0]}`;
  const unknown = new Map();
  for (const symbol of symbols) {
    if (!ids.has(symbol)) unknown.set(symbol, (unknown.get(symbol) ?? 0) + 1);
  }
  return { ids: [...symbols.filter((symbol) => ids.has(symbol)).map((symbol) => ids.get(symbol)), ...rule.after], unknown };
}

// Joins symbols one by one; a symbol may stand for a part of a character, whose text comes with the
// symbol that completes it.
class Joiner {
  constructor(tokenizer) {
    this.tokenizer = tokenizer;
    this.decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  }

  join(id) {
    if (!this.tokenizer.bytes) return this.tokenizer.symbols[id];
    return this.decoder.decode(Uint8Array.from(this.tokenizer.bytes[id]), { stream: true });
  }
}
