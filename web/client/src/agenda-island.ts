/** The desk's islands: drag and drop of the running order, and what a form says while it saves itself. */
import htmx from 'htmx.org';
import Sortable from 'sortablejs';

const sorted = new WeakSet<Element>();

/** Makes the running order draggable by its grips; breaks stay where they are. The buttons beside do the same. */
function sortable(card: HTMLElement): void {
  const body = card.querySelector<HTMLElement>('[data-sortable]');
  if (body === null || sorted.has(body) || body.querySelector('[data-grip]') === null) return;
  sorted.add(body);
  Sortable.create(body, {
    handle: '[data-grip]',
    draggable: '[data-item]',
    animation: 120,
    onEnd: (event) => {
      if (event.oldDraggableIndex === event.newDraggableIndex) return;
      const form = event.item.querySelector<HTMLFormElement>('form.moves');
      if (form === null || event.newDraggableIndex === undefined) return;
      void htmx.ajax('post', form.action, {
        source: form,
        target: '#agenda',
        swap: 'outerHTML',
        select: '#agenda',
        values: { act: 'move', index: event.newDraggableIndex, revision: card.dataset['revision'] ?? '' },
      });
    },
  });
}

function everywhere(): void {
  for (const card of document.querySelectorAll<HTMLElement>('[data-agenda]')) sortable(card);
}

/** A field and its note speak together: what is wrong is said to assistive technology at the field itself. */
function mark(note: Element): void {
  const row = note.closest('[data-saves]');
  const field = note.closest('.field');
  if (row !== null) markRow(row, note);
  else if (field !== null) blame(field, note.querySelector('.error') !== null);
}

function blame(field: Element, wrong: boolean): void {
  field.classList.toggle('field-bad', wrong);
  for (const input of field.querySelectorAll('input:not([type="hidden"]), textarea, select')) {
    if (wrong) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
}

/** A row saves itself as a whole; each sentence of its note goes beside the field it is about. */
function markRow(row: Element, note: Element): void {
  for (const old of row.querySelectorAll('.field > .error')) old.remove();
  for (const field of row.querySelectorAll('.field')) blame(field, false);
  for (const sentence of note.querySelectorAll<HTMLElement>('[data-about]')) {
    const control = row.querySelector(`[name="${CSS.escape(sentence.dataset['about'] ?? '')}"]:not([type="hidden"])`);
    const field = control?.closest('.field');
    if (!control || !field) continue;
    sentence.id = `error-${control.id}`;
    control.setAttribute('aria-describedby', sentence.id);
    field.append(sentence);
    blame(field, true);
  }
}

function note(event: Event): Element | null {
  const target = (event as CustomEvent<{ target?: Element }>).detail.target ?? (event.target as Element);
  return target.closest('.slot-note');
}

document.addEventListener('htmx:afterSettle', (event) => {
  everywhere();
  const saved = note(event);
  if (saved === null) return;
  saved.classList.remove('unsaved');
  mark(saved);
});

for (const name of ['htmx:sendError', 'htmx:responseError', 'htmx:timeout']) {
  document.addEventListener(name, (event) => {
    note(event)?.classList.add('unsaved');
    const announce = document.querySelector('#announce');
    if (announce !== null) announce.textContent = 'That did not reach the server. Nothing you typed is lost.';
  });
}

/** What was typed while the line was lost is sent as soon as it is back: each field that is marked saves itself. */
addEventListener('online', () => {
  for (const one of document.querySelectorAll('.slot-note.unsaved')) {
    const field = one.closest('.field, [data-saves]');
    const control = field?.matches('[hx-post]') === true ? field : field?.querySelector('[hx-post][name]');
    if (control) htmx.trigger(control, 'change');
  }
});

/** Whoever closes the page before the line is back is asked first: what is marked is nowhere but here. */
addEventListener('beforeunload', (event) => {
  if (document.querySelector('.slot-note.unsaved') !== null) event.preventDefault();
});

/** Ctrl+Z and Ctrl+Shift+Z press the agenda's own buttons, except while somebody types. */
document.addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.target instanceof Element && event.target.closest('input, textarea, select') !== null) return;
  const wanted = event.shiftKey ? 'redo' : 'undo';
  const button = document.querySelector<HTMLButtonElement>(`[data-travel="${wanted}"]`);
  if (button === null || button.disabled) return;
  event.preventDefault();
  button.click();
});

/** "All shown" ticks the boxes of the list, and stands for what they are. */
document.addEventListener('change', (event) => {
  const box = event.target;
  const all = document.querySelector<HTMLInputElement>('[data-pick-all]');
  if (!(box instanceof HTMLInputElement) || all === null) return;
  const boxes = [...document.querySelectorAll<HTMLInputElement>('input[name="case"][form="together"]')];
  if (box === all) for (const one of boxes) one.checked = all.checked;
  else if (boxes.includes(box)) all.checked = boxes.every((one) => one.checked);
});

everywhere();
