/** What somebody types while an answer is on its way is still there when that answer replaces the form around it. */

interface Typed {
  id: string;
  value: string;
  /** What the server had put there. Where it now says something else, the server is right. */
  given: string;
}

type Field = HTMLInputElement | HTMLTextAreaElement;
const FIELDS =
  'input[id]:is([type="text"], [type="number"], [type="search"], [type="date"], :not([type])), textarea[id]';

export function typedIn(form: Element): Typed[] {
  return [...form.querySelectorAll<Field>(FIELDS)]
    .filter((field) => field.value !== field.defaultValue)
    .map((field) => ({ id: field.id, value: field.value, given: field.defaultValue }));
}

export function putBack(typed: readonly Typed[]): void {
  for (const one of typed) {
    const field = document.querySelector<Field>(`#${CSS.escape(one.id)}`);
    if (field?.defaultValue === one.given) field.value = one.value;
  }
}

let typed: Typed[] = [];

document.addEventListener('htmx:beforeSwap', (event) => {
  typed = typedIn(event.target as Element);
});
document.addEventListener('htmx:afterSwap', () => {
  putBack(typed);
  typed = [];
});
