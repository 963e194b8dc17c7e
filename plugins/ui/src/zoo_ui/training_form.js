// The fields of a training, as the body of a function that Gradio calls once: `element` is the form,
// `props.fields` the HTML of its fields by section, `props.value` the options that were changed, and
// `watch` calls a function after the server has sent other fields.
//
// Fields that stay the same stay in place, and others get back what was typed for their option. So
// nothing is lost that is typed while the fields change.
const typed = new Map(Object.entries(props.value));
const markups = new WeakMap();

function valueOf(box) {
  return box.type === "checkbox" ? String(box.checked) : box.value;
}

function fill(box, text) {
  if (box.type === "checkbox") {
    box.checked = text === "true";
  } else {
    box.value = text;
  }
}

function makeField(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  const field = template.content.firstElementChild;
  markups.set(field, markup);
  const box = field.querySelector("[name]");
  if (typed.has(box.name)) {
    fill(box, typed.get(box.name));
    if (valueOf(box) !== typed.get(box.name)) {
      fill(box, box.dataset.default); // it is not among the choices of this field
    }
  }
  return field;
}

function showFields() {
  const focused = document.activeElement;
  for (const [section, fields] of Object.entries(props.fields)) {
    const details = element.querySelector(`[data-section="${section}"]`);
    const list = details.querySelector(".zoo-fields");
    const old = new Map(Array.from(list.children, (field) => [markups.get(field), field]));
    const wanted = fields.map((markup) => old.get(markup) ?? makeField(markup));
    for (const field of old.values()) {
      if (!wanted.includes(field)) {
        field.remove();
      }
    }
    wanted.forEach((field, position) => {
      if (list.children[position] !== field) {
        list.insertBefore(field, list.children[position] ?? null);
      }
    });
    details.hidden = wanted.length === 0;
  }
  if (focused !== document.activeElement && focused?.name) {
    element.querySelector(`[name="${focused.name}"]`)?.focus();
  }
  publish();
}

function publish() {
  const boxes = Array.from(element.querySelectorAll("[name]"));
  const changed = boxes.filter((box) => valueOf(box) !== box.dataset.default);
  props.value = Object.fromEntries(changed.map((box) => [box.name, valueOf(box)]));
}

element.addEventListener("input", ({ target }) => {
  typed.set(target.name, valueOf(target));
  publish();
});
watch(Object.keys(props), showFields); // Gradio takes a quoted name here for that of an event
showFields();
