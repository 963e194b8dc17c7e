/* What a reader types means something else to the search: a leading dash excludes a word there, and
   Chinese has no spaces. The separator in mkdocs.yml makes every Chinese character a word.

   Since version 9, mkdocs-material documents no way to change a query: `__search.transform` was one
   of version 8. So the message to the worker that searches is changed, which pyproject.toml holds to
   versions below 10. A query is the only message to a worker whose data is text. */
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
  const asks = typeof message?.data === "string";
  return post.call(this, asks ? { ...message, data: query(message.data) } : message, ...others);
};
