/** Every page: the theme, htmx, the theme switch, and keeping the place after a swap. */
import './theme/index.css';
import 'htmx.org';
import './agenda-island';
import './typed';

const YEAR_S = 31_536_000;

/** Light or dark as shown now: what the person chose, else what their system prefers. */
function shownTheme(): 'light' | 'dark' {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

document.addEventListener('click', (event) => {
  const target = event.target as Element;
  if (target.closest('[data-theme-toggle]')) {
    const next = shownTheme() === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = next;
    document.cookie = `theme=${next}; path=/; max-age=${String(YEAR_S)}; samesite=lax`;
  }
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) {
    if (!menu.contains(target)) menu.open = false;
  }
  const opener = target.closest<HTMLElement>('[data-dialog]');
  if (opener) document.querySelector<HTMLDialogElement>(`#${opener.dataset['dialog'] ?? ''}`)?.showModal();
  if (target.closest('[data-close]')) target.closest('dialog')?.close();
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menu = document.querySelector<HTMLDetailsElement>('details.menu[open]');
  if (menu === null) return;
  menu.open = false;
  menu.querySelector('summary')?.focus();
});

/** After a swap the keyboard stays where it was, by id, else at what the server marked as the place to go on. */
document.addEventListener('htmx:afterSettle', (event) => {
  const target = event.target as Element;
  if (document.activeElement !== document.body) return;
  target.querySelector<HTMLElement>('[data-focus]')?.focus();
});
