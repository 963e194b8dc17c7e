/* What a reader types means something else to the search: a leading dash excludes a word there, and
   Chinese has no spaces. The separator in mkdocs.yml makes every Chinese character a word. */
const QUERY = 2; // the type of the message that asks the search
const post = Worker.prototype.postMessage;

/* Returns a query of the search: every Chinese character of a word has to be found, and of an
   option's words the longest. */
function query(typed) {
  return typed
    .replace(/(^|\s)-+(\w[\w.]*(?:-\w+)*)/g, (_, before, name) => {
      const parts = name.split("-");
      const longest = parts.reduce((one, other) => (other.length > one.length ? other : one));
      const words = parts.map((part) => (part === longest && parts[1] ? `+${part}*` : part));
      return before + words.join(" ");
    })
    .replace(/\p{sc=Han}/gu, " +$&* ");
}

Worker.prototype.postMessage = function (message, ...others) {
  const asks = message?.type === QUERY && typeof message.data === "string";
  return post.call(this, asks ? { ...message, data: query(message.data) } : message, ...others);
};
