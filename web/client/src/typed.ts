/** What somebody types while an answer is on its way is still there when that answer replaces the form around it. */

interface Typed {
  readonly id: string;
  readonly value: string;
  /** What the server had put there. Where it now says something else, the server is right. */
  readonly given: string;
}

type Field = HTMLInputElement | HTMLTextAreaElement;
const FIELDS =
  'input[id]:is([type="text"], [type="number"], [type="search"], [type="date"], :not([type])), textarea[id]';

/** What stood in the fields when a request left: that much the answer knows. */
const sent = new WeakMap<XMLHttpRequest, ReadonlyMap<string, string>>();

function values(): ReadonlyMap<string, string> {
  return new Map([...document.querySelectorAll<Field>(FIELDS)].map(({ id, value }) => [id, value]));
}

/** The fields of a form in which something else stands than when this was asked. */
export function typedIn(form: Element, asked: ReadonlyMap<string, string>): Typed[] {
  return [...form.querySelectorAll<Field>(FIELDS)]
    .filter((field) => field.value !== (asked.get(field.id) ?? field.defaultValue))
    .map((field) => ({ id: field.id, value: field.value, given: field.defaultValue }));
}

export function putBack(typed: readonly Typed[]): void {
  for (const one of typed) {
    const field = document.querySelector<Field>(`#${CSS.escape(one.id)}`);
    if (field?.defaultValue === one.given) field.value = one.value;
  }
}

let typed: Typed[] = [];

document.addEventListener('htmx:beforeSend', (event) => {
  sent.set(xhrOf(event), values());
});
document.addEventListener('htmx:beforeSwap', (event) => {
  typed = typedIn(event.target as Element, sent.get(xhrOf(event)) ?? new Map());
});
document.addEventListener('htmx:afterSwap', () => {
  putBack(typed);
  typed = [];
});

function xhrOf(event: Event): XMLHttpRequest {
  return (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail.xhr;
}
