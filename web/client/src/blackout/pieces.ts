/** The parts of the page as nodes; whatever is said is set as text. */
import spriteUrl from 'virtual:icon-sprite';
import type { IconName } from '../icons';

type Child = Node | string;
const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes and children. */
export function made(tag: string, attributes: Record<string, string> = {}, ...children: Child[]): HTMLElement {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  found.append(...children);
  return found;
}

/** The same in SVG. */
export function shape(tag: string, attributes: Record<string, string> = {}): SVGElement {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  return found;
}

/** A button with an icon; `bare` shows the icon alone and says the label. */
export function act(label: string, icon: IconName, done: () => void, bare = false): HTMLButtonElement {
  const picture = shape('svg', { class: 'icon', 'aria-hidden': 'true', focusable: 'false' });
  picture.append(shape('use', { href: `${spriteUrl}#${icon}` }));
  const look = bare ? 'btn btn-quiet btn-icon btn-small' : 'btn btn-small';
  const found = made('button', { type: 'button', class: look }, picture, bare ? '' : label) as HTMLButtonElement;
  if (bare) found.setAttribute('aria-label', label);
  found.addEventListener('click', done);
  return found;
}

/** A box to tick. */
export function check(label: string, changed: (on: boolean) => void): HTMLElement {
  const box = made('input', { type: 'checkbox' }) as HTMLInputElement;
  box.addEventListener('change', () => {
    changed(box.checked);
  });
  return made('label', { class: 'check' }, box, ` ${label}`);
}

/** Asks before what cannot be undone. */
export function confirmed(inside: HTMLElement, question: string, yes: string): Promise<boolean> {
  const agree = made('button', { class: 'btn btn-primary', value: 'yes' }, yes);
  const not = made('button', { class: 'btn', value: '' }, 'Not yet');
  const form = made(
    'form',
    { method: 'dialog', class: 'stack' },
    made('p', {}, question),
    made('div', { class: 'row' }, agree, not),
  );
  const dialog = made('dialog', { 'aria-label': 'Please confirm' }, form) as HTMLDialogElement;
  inside.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    });
    dialog.showModal();
  });
}
